/**
 * How long it takes to get an archive that a quick peer and a slow one have: taken into a folder by Cairn, over TCP and over UDP, and
 * beside it a plain Hyperdrive that downloads the same from the same two. Machines are network namespaces; what they send is held to
 * a rate, so that the wire decides, and not this machine. The better of what both can be: the bytes at the sum of the two rates.
 */
import { onTestFinished, afterAll, test } from 'vitest'
import { decodeKey } from '../../main/archives/links.ts'
import { temporaryFolder } from '../helpers/files.ts'
import { Namespaces } from '../helpers/namespaces.ts'
import { Cairn } from './cairn.ts'
import { describeMachine } from './machine.ts'
import { MeasuredProcess } from './measured.ts'
import { atMost, Rows } from './rows.ts'
import { makeSource } from './source.ts'
import { median, Table } from './table.ts'

const RUNS = Number(process.env['BENCH_RUNS'] ?? 7)
const PLAIN = 'plain Hyperdrive, download, UDP'
const TCP = 'Cairn, get into a folder, TCP'
const UDP = 'Cairn, get into a folder, UDP'
const DHT_NODES = 6
/** Of the quick one, in Mbit/s, and a million bytes for each; the slow one has a quarter. A machine that is busy wants less. */
const RATE = Number(process.env['BENCH_RATE'] ?? 80)
const SLOW = RATE / 4
const SIZE = RATE * 1_000_000

const rows = new Rows()
const table = new Table('A quick peer and a slow one: seconds', ['MB/s', '× its bytes'])
afterAll(async () => {
  console.log(await describeMachine())
  table.print()
})

for (const { files, slow } of [
  { files: 16, slow: SLOW },
  { files: 1, slow: SLOW },
  { files: 16, slow: RATE },
]) {
  const what = `${SIZE / 1e6} MB, ${files === 1 ? 'one file' : `${files} files`}, from ${RATE} Mbit/s and ${slow} Mbit/s`
  test.runIf(rows.wants(what, ''))(what, async () => {
    const spaces = new Namespaces()
    onTestFinished(() => spaces.close())
    const between = await spaces.add()
    await spaces.addSwitch(between, 'switch')
    let machines = 0
    const machine = async () => {
      const name = await spaces.add()
      const port = `p${++machines}`
      const address = `10.203.9.${machines}`
      await spaces.plug(between, port, name, 'eth0')
      await spaces.ip('-n', between, 'link', 'set', port, 'master', 'switch')
      await spaces.ip('-n', name, 'address', 'add', `${address}/24`, 'dev', 'eth0')
      return { name, address }
    }
    // What waits longer is dropped, as by a router.
    const hold = ({ name }: { readonly name: string }, rate: number) =>
      spaces.run(
        name,
        ...`tc qdisc add dev eth0 root tbf rate ${rate}mbit burst ${rate * 1600} latency 60ms`.split(' '),
      )
    const home = await machine()
    const { bootstrap } = await spaces.dht(home.name, [home.address], DHT_NODES)
    const start = async (name: string) => {
      const cairn = await Cairn.start(await temporaryFolder('bench-peer'), bootstrap, name)
      await cairn.consent()
      return cairn
    }
    const [one, other, over] = [await machine(), await machine(), { tcp: await machine(), udp: await machine() }]
    await spaces.ip('-n', over.udp.name, 'rule', 'add', 'ipproto', 'tcp', 'blackhole')
    const source = await makeSource(await temporaryFolder('bench-source'), files, SIZE / files)
    const author = await start(one.name)
    const { row, key } = await author.publish(source.folder, () => {})
    const keeper = await start(other.name)
    await keeper.open(row.link)
    await keeper.keep(key)
    await hold(one, RATE)
    await hold(other, slow)

    const sample = (seconds: number, received: number) => ({
      value: seconds,
      also: { 'MB/s': source.bytes / seconds / 1e6, '× its bytes': received / source.bytes },
    })
    const get = async ({ name }: { readonly name: string }) => {
      const cairn = await start(name)
      await cairn.open(row.link)
      await cairn.meets(key, 2)
      const before = await cairn.received()
      const seconds = await cairn.get(key, await temporaryFolder('bench-target'))
      const received = (await cairn.received()) - before
      await cairn.end('SIGTERM')
      return sample(seconds, received)
    }
    for (let index = 0; index < RUNS; index++) {
      await rows.measure(what, UDP, () => get(over.udp))
      await rows.measure(what, PLAIN, async () => {
        const script = new URL('plain-carrier.mjs', import.meta.url).pathname
        const plain = await MeasuredProcess.start(script, [], () => {}, over.udp.name)
        await plain.ask('open', { storage: await temporaryFolder('bench-plain'), bootstrap, loopback: false })
        const hex = Buffer.from(decodeKey(key)).toString('hex')
        const before = await plain.ask<{ readonly received: number }>('count')
        const seconds = await plain.ask<number>('takeFrom', { key: hex, peers: 2 })
        const after = await plain.ask<{ readonly received: number }>('count')
        await plain.end('SIGKILL')
        return sample(seconds, after.received - before.received)
      })
      await rows.measure(what, TCP, () => get(over.tcp))
    }
    const upstream = median(rows.values(what, PLAIN))
    for (const who of [UDP, TCP]) {
      const wanted = atMost('no longer than upstream', median(rows.values(what, who)) / upstream, 1.03, '×')
      rows.show(table, what, who, { unit: 's', bars: [wanted], note: '', ratio: rows.ratio(what, who, PLAIN) })
    }
    rows.show(table, what, PLAIN, { unit: 's', bars: [], note: '' })
    rows.throwIfFailed(/Cairn/)
  })
}
