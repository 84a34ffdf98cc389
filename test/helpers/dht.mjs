/**
 * `npm run dht`: a DHT of one's own on loopback, to try Cairn with. Prints what to set. Of several addresses, with commas
 * between them, the nodes take one after the other.
 */
import DHT from 'hyperdht'

const [, , port = '49738', given = '127.0.0.1', size = '3'] = process.argv
const addresses = given.split(',')
const bootstrap = []
for (let made = 0; made < Number(size); made++) {
  const host = addresses[made % addresses.length]
  const node = new DHT({ bootstrap, host, port: made === 0 ? Number(port) : 0, ephemeral: false, firewalled: false })
  await node.fullyBootstrapped()
  if (made === 0) bootstrap.push({ host, port: node.address().port })
}
console.log(`CAIRN_BOOTSTRAP=${bootstrap[0].host}:${bootstrap[0].port}`)
