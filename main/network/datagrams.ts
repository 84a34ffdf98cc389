/**
 * What has passed at the sockets of UDP, all of it: streams, and the short messages of the DHT. The native library counts
 * whatever comes, and of what goes only the streams; messages are counted here as they are handed to it.
 */
import type DHT from 'hyperdht'

export class Datagrams {
  readonly #udx: DHT['udx']
  #sent = 0

  /** Before the first socket of `dht` is made, which is when it has been constructed. */
  constructor(dht: DHT) {
    this.#udx = dht.udx
    const create = dht.udx.createSocket.bind(dht.udx)
    dht.udx.createSocket = options => {
      const socket = create(options)
      const [send, trySend] = [socket.send.bind(socket), socket.trySend.bind(socket)]
      socket.send = async (message, ...to) => {
        this.#sent += message.byteLength
        return send(message, ...to)
      }
      socket.trySend = (message, ...to) => {
        this.#sent += message.byteLength
        trySend(message, ...to)
      }
      return socket
    }
  }

  /** In bytes of what UDP carries. */
  get passed(): { readonly down: number; readonly up: number } {
    return { down: this.#udx.bytesReceived, up: this.#udx.bytesTransmitted + this.#sent }
  }
}
