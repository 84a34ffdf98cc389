/** So many nodes of a DHT on 127.0.0.1 in one process, told over IPC what becomes of them. `npm run bench -- dht` runs it. */
import DHT from 'hyperdht'

const size = Number(process.argv[2])
const host = '127.0.0.1'
const AT_ONCE = 32

const first = new DHT({ ephemeral: false, firewalled: false, bootstrap: [], port: 0, host })
await first.fullyBootstrapped()
const bootstrap = [{ host, port: first.address().port }]
const nodes = [first]
while (nodes.length < size) {
  const more = Array.from(
    { length: Math.min(AT_ONCE, size - nodes.length) },
    () => new DHT({ ephemeral: false, firewalled: false, bootstrap, host }),
  )
  await Promise.all(more.map(node => node.fullyBootstrapped()))
  nodes.push(...more)
}

const alive = () => nodes.filter(node => !node.destroyed)
/** The first one stays, so that newcomers find the rest. Nobody is told that they go. */
const kill = async gone => {
  await Promise.all(gone.filter(node => node !== first).map(node => node.destroy({ force: true })))
  return gone.length
}

process.on('message', async ({ what, topic, left }) => {
  if (what === 'holders') {
    const keeps = node => (node._persistent?.records.get(topic, 20).length ?? 0) > 0
    process.send({ killed: await kill(alive().filter(node => node !== first && keeps(node))) })
  }
  if (what === 'until') {
    const others = alive().filter(node => node !== first)
    const gone = others.sort(() => Math.random() - 0.5).slice(0, Math.max(0, others.length + 1 - left))
    process.send({ killed: await kill(gone) })
  }
})
process.on('disconnect', () => process.exit())
process.send({ bootstrap: `${host}:${bootstrap[0].port}`, rss: process.memoryUsage().rss })
