/** `npm run dht`: a DHT of one's own on loopback, to try Cairn with. Prints what to set. */
import createTestnet from 'hyperdht/testnet.js'

const port = Number(process.argv[2] ?? 49738)
const { bootstrap } = await createTestnet(3, { host: '127.0.0.1', port })
console.log(`CAIRN_BOOTSTRAP=${bootstrap[0].host}:${bootstrap[0].port}`)
