/**
 * The nodes that keep a record are killed at once, as when a data centre goes: until the record can be found again. Plain
 * Hyperswarm tells it anew after ten to twelve minutes, which is waited for when CAIRN_PLAIN says so.
 */
import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type DHT from 'hyperdht'
import { expect, onTestFinished, test } from 'vitest'
import { Announces } from '../../main/network/announces.ts'
import { plainPeer } from '../helpers/plain.ts'
import { startTestnet } from '../helpers/testnet.ts'

const HOUR = 3_600_000

test.each(process.env['CAIRN_PLAIN'] === undefined ? [true] : [true, false])(
  'a record whose nodes are gone is found again within the hour (by Cairn: %s)',
  async byCairn => {
    const testnet = await startTestnet(48)
    onTestFinished(() => testnet.close())
    const { swarm } = await plainPeer(testnet.bootstrap)
    const topic = randomBytes(32)
    const announces = byCairn ? new Announces(swarm, () => {}) : null
    onTestFinished(() => announces?.close())
    await swarm.join(topic, { client: false, server: true }).flushed()
    const keeps = (node: DHT) => (node._persistent?.records.get(topic.toString('hex'), 20).length ?? 0) > 0
    const gone = testnet.nodes.filter((node, index) => index > 0 && keeps(node))
    expect(gone.length).toBeGreaterThan(15)
    const began = performance.now()
    await Promise.all(gone.map(node => node.destroy({ force: true })))
    const left = testnet.nodes.filter(node => !gone.includes(node))
    const asker = left.at(-1)!
    const isFound = async () => {
      for await (const { peers } of asker.lookup(topic))
        if (peers.some(({ publicKey }) => publicKey.equals(swarm.keyPair.publicKey))) return true
      return false
    }
    while (!(await isFound()) && performance.now() - began < HOUR) await sleep(1000)
    const seconds = Math.round((performance.now() - began) / 1000)
    console.log(
      `${byCairn ? 'Cairn' : 'plain Hyperswarm'}: ${gone.length} of 48 nodes killed, found again after ${seconds} s`,
    )
    expect(seconds).toBeLessThan(byCairn ? 120 : 900)
  },
  HOUR,
)
