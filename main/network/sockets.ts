/**
 * What has passed at sockets: those of TCP that are open, and those that were, as the system's own streams count it, and
 * single packets.
 */
import type { Socket } from 'node:net'

export class Sockets {
  readonly #open = new Set<Socket>()
  readonly #closed = { down: 0, up: 0 }

  /** From its first byte on. */
  add(socket: Socket): void {
    this.#open.add(socket)
    socket.once('close', () => {
      this.#open.delete(socket)
      this.#closed.down += socket.bytesRead
      this.#closed.up += socket.bytesWritten
    })
  }

  /** Of a packet that has come or been sent. */
  count(direction: 'down' | 'up', bytes: number): void {
    this.#closed[direction] += bytes
  }

  /** In bytes. */
  get passed(): { readonly down: number; readonly up: number } {
    let { down, up } = this.#closed
    for (const { bytesRead, bytesWritten } of this.#open) {
      down += bytesRead
      up += bytesWritten
    }
    return { down, up }
  }
}
