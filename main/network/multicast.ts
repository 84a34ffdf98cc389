/**
 * Says something to everybody on the local networks that this machine is in, and hears what they say. UDP multicast that
 * no router passes on (a group of one's own, with a time to live of one), over every IPv4 interface with a private address,
 * as they come and go. IPv6 is left out: wherever it is, the addresses of RFC 1918 or 3927 are as well.
 */
import { createSocket, type Socket } from 'node:dgram'
import { networkInterfaces } from 'node:os'
import { isNear } from './direct.ts'
import { everySo } from '../lib/pulse.ts'
import type { Sockets } from './sockets.ts'

/** Of those that each may use within its own network (RFC 2365). */
const GROUP = '239.255.67.114'
const PORT = 46_114
/** Milliseconds between two looks at the interfaces. */
const LOOK = 3000
/** A machine with more has made them itself. Linux lets a socket join twenty. */
const MOST_INTERFACES = 16

/** Everybody on the local networks, or (for tests) who uses the same port on this machine. */
export type Reach = { readonly name: 'lan' } | { readonly name: 'loopback'; readonly port: number }

export class Multicast {
  readonly #reach: Reach
  readonly #port: number
  readonly #sockets: Sockets
  readonly #heard: (bytes: Buffer, address: string) => void
  readonly #moved: () => void
  /** By the address that they speak from; those that cannot yet would speak from another one. */
  readonly #speakers = new Map<string, Socket>()
  readonly #coming = new Map<string, Socket>()
  #ear: Socket | null = null
  #hears = false
  #stop: (() => void) | null = null

  /** `sockets` counts what passes. `moved`: this machine is in another network than before. */
  constructor(reach: Reach, sockets: Sockets, heard: (bytes: Buffer, address: string) => void, moved: () => void) {
    this.#reach = reach
    this.#sockets = sockets
    this.#port = reach.name === 'lan' ? PORT : reach.port
    this.#heard = heard
    this.#moved = moved
  }

  /** Its own addresses there; none: this machine is in no local network. */
  get addresses(): readonly string[] {
    return [...this.#speakers.keys()]
  }

  start(): void {
    this.#stop = everySo(LOOK, () => this.look())
    this.look()
  }

  /** Takes interfaces that came, and leaves those that went. */
  look(): void {
    if (this.#stop === null) return
    const now = this.#reach.name === 'lan' ? ownAddresses() : ['127.0.0.1']
    let moved = false
    for (const speakers of [this.#speakers, this.#coming])
      for (const [address, speaker] of speakers)
        if (!now.includes(address)) {
          speakers.delete(address)
          close(speaker)
          moved = true
        }
    this.#ear ??= this.#listen()
    for (const address of now) {
      if (!this.#speakers.has(address) && !this.#coming.has(address)) this.#speak(address)
      // Before it is bound it would be bound by this, to another port.
      if (!this.#hears) continue
      try {
        this.#ear.addMembership(GROUP, address)
      } catch {
        // It has it already, or has gone in this moment: there is another look.
      }
    }
    if (moved) this.#moved()
  }

  /** `packets`: what is to be said in the network of that address. What does not get through is not told. */
  say(packets: (address: string) => readonly Buffer[]): void {
    for (const [address, speaker] of this.#speakers)
      for (const packet of packets(address))
        speaker.send(packet, this.#port, GROUP, error => {
          if (error === null) this.#sockets.count('up', packet.byteLength)
        })
  }

  close(): void {
    this.#stop?.()
    this.#stop = null
    for (const speakers of [this.#speakers, this.#coming]) {
      for (const speaker of speakers.values()) close(speaker)
      speakers.clear()
    }
    if (this.#ear !== null) close(this.#ear)
    this.#ear = null
  }

  /** Others on this machine, as another person's Cairn, hear at the same port. */
  #listen(): Socket {
    const ear = createSocket({ type: 'udp4', reuseAddr: true })
    ear.on('error', () => {
      close(ear)
      if (this.#ear !== ear) return
      this.#ear = null
      this.#hears = false
    })
    ear.on('message', (bytes, { address }) => {
      this.#sockets.count('down', bytes.byteLength)
      // Where the system hands over what another program has joined for.
      if (isNear(address) && (this.#reach.name === 'loopback') === address.startsWith('127.'))
        this.#heard(bytes, address)
    })
    // What is sent to this machine alone is not for this port. Windows cannot say so.
    ear.bind({ port: this.#port, address: process.platform === 'win32' ? '0.0.0.0' : GROUP }, () => {
      this.#hears = true
      this.look()
    })
    ear.unref()
    return ear
  }

  /** From this address, so that it can be answered there. */
  #speak(address: string): void {
    const speaker = createSocket('udp4')
    this.#coming.set(address, speaker)
    const leave = () => {
      close(speaker)
      for (const speakers of [this.#speakers, this.#coming])
        if (speakers.get(address) === speaker) speakers.delete(address)
    }
    speaker.on('error', leave)
    speaker.bind({ port: 0, address }, () => {
      try {
        speaker.setMulticastInterface(address)
        speaker.setMulticastTTL(1)
        speaker.setMulticastLoopback(true)
      } catch {
        // The interface has gone in this moment.
        leave()
        return
      }
      this.#coming.delete(address)
      this.#speakers.set(address, speaker)
      this.#moved()
    })
    speaker.unref()
  }
}

function ownAddresses(): readonly string[] {
  const found = Object.values(networkInterfaces())
    .flatMap(list => list ?? [])
    .filter(({ family, internal, address }) => family === 'IPv4' && !internal && isNear(address))
    .map(({ address }) => address)
  return [...new Set(found)].slice(0, MOST_INTERFACES)
}

function close(socket: Socket): void {
  socket.removeAllListeners()
  socket.on('error', () => {})
  try {
    socket.close()
  } catch {
    // It was closed by its error.
  }
}
