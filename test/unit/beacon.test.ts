/** What Cairns of one local network say to each other, byte by byte. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  COMING_BYTES,
  decodeBeacon,
  encodeBeacon,
  encodeComing,
  encodeWelcome,
  isWelcome,
  NONCE,
  secretOf,
  sharedIn,
  whoComes,
} from '../../main/network/beacon.ts'

const bytes = (length: number) =>
  fc.uint8Array({ minLength: length, maxLength: length }).map(array => Buffer.from(array))
const secrets = fc.uniqueArray(bytes(32), { maxLength: 300, selector: key => key.toString('hex') })
const part = fc.integer({ min: 0, max: 255 })
const place = fc.record({
  address: fc.tuple(part, part, part, part).map(parts => parts.join('.')),
  port: fc.integer({ min: 1024, max: 65_535 }),
})

test('whoever shares an archive recognises it among all, where it was said, and nobody else does', () =>
  fc.assert(
    fc.property(secrets, bytes(32), place, place, bytes(NONCE), (theirs, key, here, there, nonce) => {
      const all = [...theirs.filter(other => !other.equals(key)), key].map(secretOf)
      const packets = encodeBeacon(all, here, nonce)
      const beacons = packets.map(packet => decodeBeacon(packet)!)
      for (const packet of packets) expect(packet.byteLength).toBeLessThanOrEqual(1200)
      // How many archives there are cannot be told from how much is said.
      if (all.length <= 32) expect(packets.map(packet => packet.byteLength)).toEqual([26 + 32 * 8])
      else expect(new Set(packets.map(packet => packet.byteLength))).toEqual(new Set([26 + 140 * 8]))
      for (const beacon of beacons) expect(beacon).toMatchObject({ nonce, port: here.port })
      const find = (address: string, wanted: Buffer) =>
        beacons.map(beacon => sharedIn(beacon, address, [secretOf(wanted)])).find(found => found !== null)
      expect(find(here.address, key)).toEqual(secretOf(key))
      if (there.address !== here.address) expect(find(there.address, key)).toBe(undefined)
      expect(find(here.address, Buffer.concat([key.subarray(1), Buffer.of(key[0]! ^ 1)]))).toBe(undefined)
    }),
    { numRuns: 60 },
  ))

test('what is none is taken for none, whatever it is', () =>
  fc.assert(
    fc.property(
      bytes(32),
      place,
      bytes(NONCE),
      fc.nat(200),
      fc.uint8Array({ maxLength: 1500 }),
      (key, here, nonce, cut, noise) => {
        expect(decodeBeacon(Buffer.from(noise))).toBe(null)
        const [packet] = encodeBeacon([secretOf(key)], here, nonce)
        if (cut > 0)
          expect(decodeBeacon(packet!.subarray(0, Math.max(0, packet!.byteLength - (((cut - 1) % 7) + 1))))).toBe(null)
        expect(decodeBeacon(Buffer.concat([packet!, Buffer.alloc(8 * 140)]))).toBe(null)
        expect(encodeBeacon([], here, nonce)).toEqual([])
      },
    ),
  ))

test('only who knows an archive comes in, only for the number that they were told, and only who knows it lets them in', () =>
  fc.assert(
    fc.property(
      secrets,
      bytes(32),
      bytes(NONCE),
      bytes(NONCE),
      bytes(NONCE),
      (others, key, challenge, other, nonce) => {
        const secret = secretOf(key)
        const all = [...others.map(secretOf), secret]
        const said = encodeComing(secret, challenge, nonce, 50_000)
        expect(said.byteLength).toBe(COMING_BYTES)
        expect(whoComes(said, challenge, all)).toEqual({ secret, nonce, port: 50_000 })
        if (!other.equals(challenge)) expect(whoComes(said, other, all)).toBe(null)
        const strangers = all.slice(0, -1).filter(one => !one.equals(secret))
        expect(whoComes(said, challenge, strangers)).toBe(null)
        const welcome = encodeWelcome(secret, challenge, nonce)
        expect(isWelcome(welcome, secret, challenge, nonce)).toBe(true)
        for (const one of strangers.slice(0, 3))
          expect(isWelcome(encodeWelcome(one, challenge, nonce), secret, challenge, nonce)).toBe(false)
      },
    ),
    { numRuns: 60 },
  ))
