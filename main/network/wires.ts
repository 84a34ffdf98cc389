/**
 * What has passed at the sockets between this machine and each other one since this one was started: over all ways that stand
 * and stood, since one gives way to another in the middle of a file.
 */
import { Socket } from 'node:net'
import type { Carrier } from './direct.ts'

/** Machines that are gone and remembered. */
const REMEMBERED = 5000

type Passed = { readonly received: number; readonly sent: number }

export class Wires {
  readonly #open = new Map<string, Set<Carrier['rawStream']>>()
  /** Of ways that have ended; whoever ended one last is last. */
  readonly #ended = new Map<string, Passed>()

  /** From its first byte on. Following it twice changes nothing. */
  follow({ remotePublicKey, rawStream }: Carrier): void {
    const id = remotePublicKey.toString('hex')
    const open = this.#open.get(id) ?? new Set()
    if (open.has(rawStream)) return
    this.#open.set(id, open.add(rawStream))
    rawStream.once('close', () => {
      open.delete(rawStream)
      if (open.size === 0) this.#open.delete(id)
      const sum = add(this.#ended.get(id) ?? NOTHING, passedAt(rawStream))
      this.#ended.delete(id)
      this.#ended.set(id, sum)
      if (this.#ended.size > REMEMBERED) this.#ended.delete(this.#ended.keys().next().value!)
    })
  }

  /** With this machine. */
  passed(publicKey: Uint8Array): Passed {
    const id = Buffer.from(publicKey).toString('hex')
    return [...(this.#open.get(id) ?? [])].map(passedAt).reduce(add, this.#ended.get(id) ?? NOTHING)
  }
}

const NOTHING: Passed = { received: 0, sent: 0 }
const add = (one: Passed, other: Passed): Passed => ({
  received: one.received + other.received,
  sent: one.sent + other.sent,
})
const passedAt = (raw: Carrier['rawStream']): Passed =>
  raw instanceof Socket
    ? { received: raw.bytesRead, sent: raw.bytesWritten }
    : { received: raw.bytesReceived, sent: raw.bytesTransmitted }
