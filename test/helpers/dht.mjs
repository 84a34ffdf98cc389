/** `npm run dht`: a DHT of one's own on loopback, to try Cairn with. Prints what to set. */
import createTestnet from 'hyperdht/testnet.js'

const [, , port = '49738', address = '127.0.0.1', size = '3'] = process.argv
const { bootstrap } = await createTestnet(Number(size), { host: address, port: Number(port) })
console.log(`CAIRN_BOOTSTRAP=${bootstrap[0].host}:${bootstrap[0].port}`)
