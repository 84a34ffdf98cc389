/**
 * A process that relays between two who both name it, with the parts of the field: the blind relay that HyperDHT brings,
 * which passes packets on that it cannot read. Prints its public key in hex.
 */
import { createRequire } from 'node:module'
import DHT from 'hyperdht'

// What HyperDHT uses itself, wherever that lies.
const ofHyperDHT = createRequire(createRequire(import.meta.url).resolve('hyperdht'))
const { Server } = ofHyperDHT('blind-relay')

const [bootstrap] = process.argv.slice(2)
const host = bootstrap.split(':')[0]
const dht = new DHT({ bootstrap: [bootstrap], firewalled: false, ...(host.startsWith('127.') ? { host } : {}) })
const relay = new Server({ createStream: options => dht.createRawStream({ ...options, framed: true }) })
const server = dht.createServer(connection => {
  connection.on('error', () => {})
  relay.accept(connection, { id: connection.remotePublicKey }).on('error', () => {})
})
await server.listen()
console.log(server.publicKey.toString('hex'))
