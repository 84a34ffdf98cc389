/**
 * What Cairns on one local network say to each other, as bytes. Pure.
 *
 * A beacon says: here, at this port, is somebody who shares these archives. An archive is told by a mark of eight bytes,
 * which only who knows its public key can make or recognise: a passer-by sees noise, another noise each time, and can
 * neither tell which archives are shared nor that they are the ones of yesterday. Not even who has seen discovery keys
 * pass through the DHT can. The mark covers where it was said, so that one that is said again elsewhere leads nobody there.
 *
 * Whoever comes to that port proves that they know such a key before anything else is said, and so does who let them in.
 */
import { randomBytes, timingSafeEqual } from 'node:crypto'
import { hash, namespace } from 'hypercore-crypto'

const [SECRET, MARK, COMING, WELCOME] = namespace('cairn/room', 4) as [Buffer, Buffer, Buffer, Buffer]
/** The protocol and its version. */
const MAGIC = Buffer.from('cairn\x00r1')
export const NONCE = 16
const PORT = 2
const MARK_BYTES = 8
const PROOF = 32
const HEAD = MAGIC.byteLength + NONCE + PORT
/** A packet that no network has to take apart. */
const MOST_MARKS = 140
/** As many as most libraries hold: how many there are cannot be told from how much is said. */
const FEWEST_MARKS = 32
/** Ports below are those of services, of which Cairn is none. */
export const LOWEST_PORT = 1024

/** Where a Cairn can be reached. IPv4. */
export type Place = { readonly address: string; readonly port: number }
/** Something that only those know who have a link to an archive. */
export type Secret = Buffer

export type Beacon = { readonly nonce: Buffer; readonly port: number; readonly marks: ReadonlySet<bigint> }

/** `key`: the public key of an archive. */
export const secretOf = (key: Uint8Array): Secret => hash([SECRET, key])

/** As many packets as it takes; none for nothing. Marks that nobody recognises and their order hide how many and which come first. */
export function encodeBeacon(secrets: readonly Secret[], place: Place, nonce: Buffer): readonly Buffer[] {
  if (secrets.length === 0) return []
  const told = secrets.map(secret => markOf(secret, place, nonce))
  const noise = Array.from({ length: paddedTo(secrets.length) - secrets.length }, () => randomBytes(MARK_BYTES))
  const marks = [...told, ...noise].sort(Buffer.compare)
  const port = Buffer.alloc(PORT)
  port.writeUInt16LE(place.port)
  const packets: Buffer[] = []
  for (let first = 0; first < marks.length; first += MOST_MARKS)
    packets.push(Buffer.concat([MAGIC, nonce, port, ...marks.slice(first, first + MOST_MARKS)]))
  return packets
}

const paddedTo = (marks: number): number => {
  if (marks > MOST_MARKS) return Math.ceil(marks / MOST_MARKS) * MOST_MARKS
  return marks <= FEWEST_MARKS ? FEWEST_MARKS : MOST_MARKS
}

/** null: it is none. */
export function decodeBeacon(bytes: Buffer): Beacon | null {
  const rest = bytes.byteLength - HEAD
  if (rest <= 0 || rest % MARK_BYTES !== 0 || rest > MOST_MARKS * MARK_BYTES) return null
  if (!bytes.subarray(0, MAGIC.byteLength).equals(MAGIC)) return null
  const port = bytes.readUInt16LE(MAGIC.byteLength + NONCE)
  if (port < LOWEST_PORT) return null
  const marks = new Set<bigint>()
  for (let at = HEAD; at < bytes.byteLength; at += MARK_BYTES) marks.add(bytes.readBigUInt64LE(at))
  return { nonce: Buffer.from(bytes.subarray(MAGIC.byteLength, MAGIC.byteLength + NONCE)), port, marks }
}

/** One that both share; null: none. `address`: where the beacon came from. */
export function sharedIn(beacon: Beacon, address: string, secrets: Iterable<Secret>): Secret | null {
  const { nonce, port, marks } = beacon
  for (const secret of secrets) if (marks.has(markOf(secret, { address, port }, nonce).readBigUInt64LE())) return secret
  return null
}

function markOf(secret: Secret, { address, port }: Place, nonce: Buffer): Buffer {
  const place = Buffer.from([...address.split('.').map(Number), port & 0xff, port >> 8])
  return hash([MARK, secret, nonce, place]).subarray(0, MARK_BYTES)
}

/** What is said at the door: nothing that would be of use a second time, since the one who lets in has chosen `challenge`. */
export const COMING_BYTES = NONCE + PROOF + PORT
export const WELCOME_BYTES = PROOF

/** `port`: at which who comes can be reached themselves. */
export function encodeComing(secret: Secret, challenge: Buffer, nonce: Buffer, port: number): Buffer {
  const bytes = Buffer.alloc(PORT)
  bytes.writeUInt16LE(port)
  return Buffer.concat([nonce, hash([COMING, secret, challenge, nonce]), bytes])
}

/** null: who comes knows none of the keys. */
export function whoComes(
  said: Buffer,
  challenge: Buffer,
  secrets: Iterable<Secret>,
): { readonly secret: Secret; readonly nonce: Buffer; readonly port: number } | null {
  const nonce = said.subarray(0, NONCE)
  const proof = said.subarray(NONCE, NONCE + PROOF)
  for (const secret of secrets)
    if (timingSafeEqual(hash([COMING, secret, challenge, nonce]), proof))
      return { secret, nonce, port: said.readUInt16LE(NONCE + PROOF) }
  return null
}

export const encodeWelcome = (secret: Secret, challenge: Buffer, nonce: Buffer): Buffer =>
  hash([WELCOME, secret, challenge, nonce])

export const isWelcome = (said: Buffer, secret: Secret, challenge: Buffer, nonce: Buffer): boolean =>
  timingSafeEqual(encodeWelcome(secret, challenge, nonce), said)
