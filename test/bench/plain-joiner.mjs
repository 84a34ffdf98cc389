/** A plain Hyperswarm, nothing of ours, that joins topics as its documentation says, and leaves. */
import DHT from 'hyperdht'
import Hyperswarm from 'hyperswarm'
import { answer } from './answer.mjs'

let swarm = null

answer({
  async join({ topics, bootstrap }) {
    swarm = new Hyperswarm({ dht: new DHT({ bootstrap: [bootstrap], host: '127.0.0.1', firewalled: false }) })
    for (const topic of topics) swarm.join(Buffer.from(topic, 'hex'), { client: true, server: true })
  },
  async leave() {
    const began = performance.now()
    await swarm.destroy()
    return (performance.now() - began) / 1000
  },
})
