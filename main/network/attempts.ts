/**
 * How connecting to each machine has ended, told apart by what came back: Hyperswarm tries again by itself and says
 * nothing of what failed.
 */
import type DHT from 'hyperdht'
import type { Attempts } from '../../preload/contract/models.ts'

/** A machine that a public link leads to may be tried by thousands: the oldest are forgotten. */
const REMEMBERED = 10_000
/** Milliseconds after which an attempt is ended, so that one that leads nowhere does not keep others waiting. */
const LONGEST = 20_000

type Failure = 'silent' | 'blocked' | 'refused'

/** By the code of the error. What is not here tells nothing of the other machine. */
export const FAILURES: Readonly<Record<string, Failure>> = {
  PEER_NOT_FOUND: 'silent',
  PEER_CONNECTION_FAILED: 'silent',
  SERVER_ERROR: 'refused',
  SERVER_INCOMPATIBLE: 'refused',
  HANDSHAKE_INVALID: 'refused',
  REMOTE_ABORTED: 'blocked',
  CANNOT_HOLEPUNCH: 'blocked',
  HOLEPUNCH_ABORTED: 'blocked',
  HOLEPUNCH_INVALID: 'blocked',
  HOLEPUNCH_PROBE_TIMEOUT: 'blocked',
  HOLEPUNCH_DOUBLE_RANDOMIZED_NATS: 'blocked',
  REMOTE_NOT_HOLEPUNCHABLE: 'blocked',
  REMOTE_NOT_HOLEPUNCHING: 'blocked',
  RELAY_ABORTED: 'blocked',
}

/** A connection is opened as soon as both have agreed over a node of the DHT: that something came through it is another thing. */
export const wasHeard = (connection: DHT.Connection): boolean => (connection.rawStream?.bytesReceived ?? 0) > 0

export class AttemptLog {
  readonly #failures = new Map<string, Failure>()
  readonly #trying = new Set<string>()
  readonly #changed: () => void

  /** Sees every attempt that is made through `dht` from now on. */
  constructor(dht: DHT, changed: () => void) {
    this.#changed = changed
    const connect = dht.connect.bind(dht)
    dht.connect = (publicKey, options) => {
      const connection = connect(publicKey, options)
      this.#follow(Buffer.from(publicKey).toString('hex'), connection)
      return connection
    }
  }

  /** Of these machines, by their public keys in hex. `isConnected`: to one from whom something came. */
  count(keys: readonly string[], isConnected: (key: string) => boolean): Attempts {
    const counts = { connecting: 0, connected: 0, silent: 0, blocked: 0, refused: 0 }
    for (const key of keys) {
      const failure = this.#failures.get(key)
      if (isConnected(key)) counts.connected++
      else if (failure !== undefined) counts[failure]++
      else if (this.#trying.has(key)) counts.connecting++
    }
    return counts
  }

  /** Machines by how the last attempt to connect to each has failed, where it has not come by itself since. Keys are in hex. */
  failed(isConnected: (key: string) => boolean): Readonly<Record<Failure, number>> {
    const counts = { silent: 0, blocked: 0, refused: 0 }
    for (const [key, failure] of this.#failures) if (!isConnected(key)) counts[failure]++
    return counts
  }

  #follow(key: string, connection: DHT.Connection): void {
    this.#trying.add(key)
    this.#changed()
    const timer = setTimeout(() => connection.destroy(), LONGEST)
    timer.unref()
    let failure: Failure | null = null
    let opened = false
    connection.on('error', (error: { readonly code?: string }) => {
      failure = FAILURES[error.code ?? ''] ?? null
    })
    connection.once('open', () => {
      opened = true
      clearTimeout(timer)
      this.#changed()
    })
    connection.once('close', () => {
      clearTimeout(timer)
      this.#trying.delete(key)
      if (wasHeard(connection)) this.#failures.delete(key)
      // They agreed over a node of the DHT, and then nothing came directly.
      else if (opened) this.#remember(key, 'blocked')
      else if (failure !== null) this.#remember(key, failure)
      this.#changed()
    })
  }

  #remember(key: string, failure: Failure): void {
    this.#failures.delete(key)
    this.#failures.set(key, failure)
    for (const oldest of this.#failures.keys()) {
      if (this.#failures.size <= REMEMBERED) break
      this.#failures.delete(oldest)
    }
  }
}
