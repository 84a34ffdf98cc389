/**
 * Takes out of what may be sent to somebody who helps everything that names a person, a machine, an archive or a place. Text
 * is not searched for what must not stay: only what is known to be harmless stays, which is plain words and small
 * numbers. Keys become names that stand for the same thing throughout, so that one can still follow what belongs together. Pure.
 */
import { constants } from 'node:os'
import { decodeZ32 } from '../lib/z32.ts'

const GONE = '[…]'
/** Characters of a text that are looked at; what follows is left out. */
const LONGEST = 2000

const KEYS = /[ybndrfg8ejkmcpqxot1uwisza345h769]{52}|[0-9a-f]{64}/gi
/** From here on it may be a path, with whatever it has in it: separators, a drive, or their percent-encoding. */
const PATH = /[/\\]|%2f|%5c|^[^\p{L}]*\p{L}:./iu
const NUMBER = /^\d{1,9}(?:\.\d{1,6})?$/
const WORD = /^[A-Za-z]{1,24}(?:['’-][A-Za-z]{1,24}){0,3}$/
/** In the middle of a sentence a word like this is a name, as a rule. */
const CAPITALISED = /^[A-Z][a-z’'-]+$/
/** As codes are spelt, and folders of people, too. */
const CAPITALS = /^[A-Z][A-Z0-9]+(?:_[A-Z0-9]+)*$/
/** Of Node. */
const NODE_CODE = /^ERR_[A-Z]{2,20}(?:_[A-Z]{2,20}){0,6}$/
/** Those of the system, of what looks up names, and of the modules that carry archives; and what everybody abbreviates. */
const KNOWN_CAPITALS: ReadonlySet<string> = new Set([
  ...Object.keys(constants.errno),
  ...['ENOTFOUND', 'ENODATA', 'ESERVFAIL', 'EREFUSED', 'EAI_AGAIN', 'EAI_FAIL', 'EAI_NONAME'],
  ...['ALREADY_LISTENING', 'BAD_ARGUMENT', 'BAD_HANDSHAKE_REPLY', 'BAD_HOLEPUNCH_REPLY', 'BATCH_ALREADY_EXISTS'],
  ...['BATCH_ALREADY_FLUSHED', 'BATCH_UNFLUSHED', 'BLOCK_NOT_AVAILABLE', 'CANNOT_HOLEPUNCH', 'DECODING_ERROR'],
  ...['DUPLICATE_CONNECTION', 'HANDSHAKE_INVALID', 'HANDSHAKE_UNFINISHED', 'HOLEPUNCH_ABORTED', 'HOLEPUNCH_INVALID'],
  ...['HOLEPUNCH_DOUBLE_RANDOMIZED_NATS', 'HOLEPUNCH_PROBE_TIMEOUT', 'INVALID_CAPABILITY', 'INVALID_CHECKSUM'],
  ...['INVALID_OPERATION', 'INVALID_OPLOG_VERSION', 'INVALID_PROOF', 'INVALID_SIGNATURE', 'IO_SUSPENDED'],
  ...['KEYPAIR_ALREADY_USED', 'NODE_DESTROYED', 'OPLOG_CORRUPT', 'OPLOG_HEADER_OVERFLOW', 'PEER_CONNECTION_FAILED'],
  ...['PEER_NOT_FOUND', 'RELAY_ABORTED', 'REMOTE_ABORTED', 'REMOTE_NOT_HOLEPUNCHABLE', 'REMOTE_NOT_HOLEPUNCHING'],
  ...['REQUEST_CANCELLED', 'REQUEST_DESTROYED', 'REQUEST_TIMEOUT', 'SERVER_ERROR', 'SERVER_INCOMPATIBLE'],
  ...['SESSION_CLOSED', 'SESSION_MOVED', 'SESSION_NOT_WRITABLE', 'SNAPSHOT_NOT_AVAILABLE', 'STORAGE_CONFLICT'],
  ...['STORAGE_EMPTY', 'STREAM_NOT_CONNECTED', 'SUSPENDED', 'WRITE_FAILED'],
  ...[
    'CPU',
    'DHT',
    'DNS',
    'HTTP',
    'ID',
    'IO',
    'IP',
    'JSON',
    'NAT',
    'OK',
    'PDF',
    'SQL',
    'TCP',
    'TLS',
    'UDP',
    'URL',
    'ZIP',
  ],
])
const STANDS_FOR = /^(?:archive|peer|key)-\d{1,6}$/
/** Files of the storage folder, in which the person has named nothing. */
const OWN_FILE = /^(?:cache|freed|names|page|peers|registry|settings|traffic)\.json$/
const QUOTED =
  /"[^"]*(?:"|$)|`[^`]*(?:`|$)|[“„«][^”“»]*(?:[”“»]|$)|‘[^’]*(?:’|$)|(?<![A-Za-z])'.*?(?:'(?![A-Za-z])|$)/gs

export class Redaction {
  readonly #standIns = new Map<string, string>()
  readonly #counts = { archive: 0, peer: 0, key: 0 }
  readonly #names: RegExp | null

  /** `names`: what people, machines and archives are called, as far as known, in no order. */
  constructor(names: readonly string[]) {
    const wanted = [...new Set(names.map(name => name.trim()).filter(name => name !== ''))]
    wanted.sort((a, b) => b.length - a.length)
    const alternatives = wanted.map(name => {
      const literal = name.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')
      // Short ones are parts of many words.
      return name.length >= 4 ? literal : `(?<![\\p{L}\\p{N}])${literal}(?![\\p{L}\\p{N}])`
    })
    this.#names = alternatives.length === 0 ? null : new RegExp(alternatives.join('|'), 'giu')
  }

  /** What stands for it, in whichever notation it is written. */
  archive(key: string): string {
    return this.#standIn(key, 'archive')
  }

  peer(key: string): string {
    return this.#standIn(key, 'peer')
  }

  /** Free text, such as the message of an error. */
  text(text: string): string {
    const keyed = text.slice(0, LONGEST).replace(KEYS, key => ` ${this.#standIn(key, 'key')} `)
    const unnamed = this.#names === null ? keyed : keyed.replace(this.#names, GONE)
    const [before, behind] = atPath(unnamed)
    const unquoted = before.replace(QUOTED, quoted => ` ${standInIn(quoted)} `)
    let isFirst = true
    const kept = unquoted
      .split(/\s+/)
      .filter(Boolean)
      .map(token => {
        const stays = isHarmless(token, isFirst)
        isFirst = /[.:!?]$/.test(token)
        return stays ? token : GONE
      })
    if (behind !== null) kept.push(standInIn(behind))
    const once = kept.filter((token, at) => token !== GONE || kept[at - 1] !== GONE)
    return once.join(' ').replace(/ (?=[.,;:!?)\]]+(?: |$))/g, '')
  }

  /** One word of a program, such as the code of an error or the name of a function; null: it might be something else. */
  word(text: unknown, shape: RegExp): string | null {
    if (typeof text !== 'string' || text.length > 100 || !shape.test(text) || text.search(KEYS) >= 0) return null
    return this.#names !== null && text.search(this.#names) >= 0 ? null : text
  }

  #standIn(key: string, kind: 'archive' | 'peer' | 'key'): string {
    const known = canonical(key)
    const standIn = this.#standIns.get(known) ?? `${kind}-${++this.#counts[kind]}`
    this.#standIns.set(known, standIn)
    return standIn
  }
}

/**
 * Paths have spaces, quotes and lines in them, so that nobody can say where one ends: everything from its beginning on is apart.
 * null: there is none.
 */
function atPath(text: string): readonly [before: string, behind: string | null] {
  for (const { 0: token, index } of text.matchAll(/\S+/g))
    if (PATH.test(token)) return [text.slice(0, index), text.slice(index)]
  return [text, null]
}

/** Of what goes, the first key that was in it. */
const standInIn = (text: string): string => /\b(?:archive|peer|key)-\d{1,6}\b/.exec(text)?.[0] ?? GONE

function isHarmless(token: string, isFirst: boolean): boolean {
  // One colon at the most: an address may end in two.
  const bare = token.replace(/^[([]+/, '').replace(/[)\]]*[.,;!?]*:?$/, '')
  if (bare === '') return /^[[\]().,;:!?]+$/.test(token)
  if (STANDS_FOR.test(bare) || NUMBER.test(bare) || OWN_FILE.test(bare)) return true
  if (CAPITALS.test(bare)) return KNOWN_CAPITALS.has(bare) || NODE_CODE.test(bare)
  return WORD.test(bare) && (isFirst || !CAPITALISED.test(bare))
}

/** The same for both notations of one key. */
function canonical(key: string): string {
  if (key.length !== 52) return key.toLowerCase()
  const read = decodeZ32(key.toLowerCase())
  return 'bytes' in read ? Buffer.from(read.bytes).toString('hex') : key
}
