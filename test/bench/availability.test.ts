/**
 * How soon it is known who holds what of 100,000 files, after a start and after one file has changed, beside a plain Hyperdrive
 * that lists them and looks at the blocks of each; and what it costs to tell each other so of 500 archives while nothing
 * happens, beside plain Hyperdrives over a plain Hyperswarm.
 */
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import Hypercore from 'hypercore'
import { afterAll, onTestFinished, test } from 'vitest'
import { decodeKey } from '../../main/archives/links.ts'
import type { Availability } from '../../preload/contract/models.ts'
import { temporaryFolder } from '../helpers/files.ts'
import { startTestnet, type Testnet } from '../helpers/testnet.ts'
import { Cairn } from './cairn.ts'
import { describeMachine } from './machine.ts'
import { MeasuredProcess, now } from './measured.ts'
import { atMost, figuresOf, most, Rows } from './rows.ts'
import { writeSource } from './source.ts'
import { median, Table } from './table.ts'

const RUNS = Number(process.env['BENCH_RUNS'] ?? 3)
const FILES = Number(process.env['BENCH_FILES'] ?? 100_000)
const MANY = Number(process.env['BENCH_MANY'] ?? 500)
/** Seconds for which nothing happens. */
const IDLE = Number(process.env['BENCH_IDLE'] ?? 120)

const rows = new Rows()
const table = new Table(`Who holds what of ${FILES.toLocaleString('en')} files, and of ${MANY} archives, on loopback`)
afterAll(async () => {
  console.log(await describeMachine())
  table.print()
})

const CAIRN = 'Cairn'
const PLAIN = 'plain Hyperdrive, list() and the bitfield'
const SWARM = 'plain Hyperdrives over Hyperswarm'
const first = 'start to a verdict'
const counted = 'start to the count of all files'
const changed = 'one file more to the count of it'
const idle = `seconds of CPU a minute, ${MANY} archives shared by two`

/** When the row was as wanted. */
async function row(cairn: Cairn, key: string, wanted: (row: Availability) => boolean) {
  const stop = AbortSignal.timeout(10 * 60_000)
  for await (const changes of cairn.client.availability.watch({ key }, { signal: stop }))
    for (const change of changes)
      if (change.op === 'put' && wanted(change.item)) return { item: change.item, at: now() }
  throw new Error('A collection does not end')
}

test.runIf(rows.wants(counted, ''))(`${FILES} files`, async () => {
  const testnet = await startTestnet()
  onTestFinished(() => testnet.close())
  const bootstrap = testnet.bootstrap[0]!
  const [storage, folder] = [await temporaryFolder('bench-author'), await temporaryFolder('bench-source')]
  await writeSource(folder, FILES, 64)
  let author = await Cairn.start(storage, bootstrap)
  await author.goOnline()
  const { key, row: published } = await author.publish(folder, () => {})
  const friend = await Cairn.start(await temporaryFolder('bench-friend'), bootstrap)
  await friend.goOnline()
  await friend.open(published.link)
  // Some here and some there, so that there are many runs of blocks.
  await friend.client.archives.keepParts({ key, patterns: ['*7.bin'] })
  const part = Array.from({ length: FILES }, (_, index) => index).filter(index => index % 10 === 7).length
  await row(friend, key, ({ here }) => here.files === part)

  for (let run = 0; run < RUNS; run++) {
    await author.end()
    const copy = await temporaryFolder('bench-plain')
    await cp(join(storage, 'store'), copy, { recursive: true })
    const began = now()
    author = await Cairn.start(storage, bootstrap)
    // Loading the program is not counting.
    await author.figures()
    const verdict = row(author, key, ({ now: { name } }) => name !== 'unknown')
    const whole = await row(author, key, ({ version }) => version !== null)
    if (whole.item.files !== FILES + run) throw new Error(`it counted ${whole.item.files}`)
    rows.add(first, CAIRN, { value: (await verdict).at - began, also: {} })
    const cpu = await cpuOf(author.pid)
    rows.add(counted, CAIRN, { value: whole.at - began, also: { ...figuresOf(await author.figures()), 'CPU s': cpu } })
    await row(author, key, ({ connected, byOthers }) => connected === 1 && byOthers[1] === part)
    await author.calm(key)
    const name = `more ${run}.bin`
    await row(author, key, ({ files }) => files === FILES + run)
    const ready = row(author, key, ({ files }) => files === FILES + run + 1)
    const followed = author.follow(
      key,
      () => writeFile(join(folder, name), name),
      async version => (await author.size(key, version, `/${name}`)) !== null,
    )
    const [{ at: there, figures }, { at }] = await Promise.all([followed, ready])
    rows.add(changed, CAIRN, { value: Math.max(0, at - there), also: figuresOf(figures) })

    const plain = await MeasuredProcess.start(new URL('plain-counter.mjs', import.meta.url).pathname)
    const asked = { storage: copy, key: Buffer.from(decodeKey(key)).toString('hex') }
    const again = async (what: string) => {
      const before = await cpuOf(plain.process.pid!)
      const { took } = await plain.ask<{ readonly took: number }>('count', asked)
      const cpu = (await cpuOf(plain.process.pid!)) - (what === counted ? 0 : before)
      rows.add(what, PLAIN, { value: took, also: { ...figuresOf(await plain.figures()), 'CPU s': cpu } })
    }
    await again(counted)
    // It knows nothing of what it counted before.
    await again(changed)
    await plain.end('SIGKILL')
  }
  const quick = (what: string) => {
    const { 'loop p99 ms': p99 = [], 'loop max ms': max = [] } = rows.also(what, CAIRN)
    return [atMost('p99 ≤ 50 ms', median(p99), 50, ' ms'), atMost('max ≤ 150 ms', most(max), 150, ' ms')]
  }
  for (const [what, limit] of [
    [first, 5000],
    [counted, 5000],
    [changed, 500],
  ] as const) {
    const bars = [atMost(`≤ ${limit / 1000} s`, median(rows.values(what, CAIRN)), limit, ' ms'), ...quick(what)]
    rows.show(table, what, CAIRN, { unit: 'ms', bars, note: '' })
    rows.show(table, what, PLAIN, { unit: 'ms', bars: [], note: '', ratio: rows.ratio(what, CAIRN, PLAIN) })
  }
})

/** Seconds of CPU that a process has used, which others on the machine do not change much. NaN: it is not Linux. */
async function cpuOf(pid: number): Promise<number> {
  if (process.platform !== 'linux') return Number.NaN
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
  // In hundredths: user and system time, after the name in parentheses.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / 100
}

/** Of both together, a minute, while nothing happens. `topics`: what both announce, in hex. */
async function idling(pids: readonly number[], { nodes }: Testnet, topics: readonly string[]): Promise<number> {
  for (const pid of pids) process.kill(pid, 'SIGWINCH')
  // What came before ends first: plain ones announce for a minute what they have joined.
  const told = (topic: string) =>
    nodes.some(({ _persistent: kept }) => (kept?.records.get(topic, 20).length ?? 0) === pids.length)
  while (!topics.every(told)) await sleep(1000)
  await sleep(20_000)
  const sum = async () => (await Promise.all(pids.map(cpuOf))).reduce((all, one) => all + one, 0)
  const before = await sum()
  await sleep(IDLE * 1000)
  return ((await sum()) - before) / (IDLE / 60)
}

test.runIf(process.platform === 'linux' && rows.wants(idle, ''))(`${MANY} archives`, async () => {
  const testnet = await startTestnet()
  onTestFinished(() => testnet.close())
  const bootstrap = testnet.bootstrap[0]!
  await rows.measure(idle, SWARM, async () => {
    const [writer, holder] = [await startMany(), await startMany()]
    const keys = await writer.ask<readonly string[]>('write', {
      storage: await temporaryFolder('bench-plain'),
      bootstrap,
      many: MANY,
    })
    await holder.ask('hold', { storage: await temporaryFolder('bench-plain'), bootstrap, keys })
    const value = await idling(
      [writer.process.pid!, holder.process.pid!],
      testnet,
      keys.map(key => topicOf(Buffer.from(key, 'hex'))),
    )
    await Promise.all([writer.end('SIGKILL'), holder.end('SIGKILL')])
    return { value, also: {} }
  })
  await rows.measure(idle, CAIRN, async () => {
    const people = [await temporaryFolder('bench-author'), await temporaryFolder('bench-friend')]
    const [author, friend] = [await Cairn.start(people[0]!, bootstrap), await Cairn.start(people[1]!, bootstrap)]
    await author.goOnline()
    await friend.goOnline()
    const folder = await temporaryFolder('bench-source')
    const keys = new Set<string>()
    for (let index = 0; index < MANY; index++) {
      const source = join(folder, `Archive ${index}`)
      await mkdir(source)
      await writeFile(join(source, 'file.txt'), `${index}\n`)
      const { id, title } = await author.client.publish.review({ paths: [source] })
      const decisions = { private: false, exclude: [], includeSuspicious: false, into: null }
      const { key, link } = await author.client.publish.start({ review: id, title, ...decisions })
      keys.add(key)
      await friend.client.archives.open({ link })
      await friend.client.archives.keep({ key, keep: true })
    }
    // Each says of all archives that the other one holds all of it.
    for (const { client } of [author, friend]) {
      const safe = new Set<string>()
      for await (const changes of client.availability.watchAll()) {
        for (const change of changes)
          if (change.op === 'put' && change.item.now.name === 'safe') safe.add(change.item.id)
        if (safe.size === keys.size) break
      }
    }
    const value = await idling(
      [author.pid, friend.pid],
      testnet,
      [...keys].map(key => topicOf(decodeKey(key))),
    )
    const figures = [await author.figures(), await friend.figures()]
    await Promise.all([author.end(), friend.end()])
    return { value, also: { 'RSS MB': Math.max(...figures.map(({ rss }) => rss)) / 1e6 } }
  })
  rows.show(table, idle, CAIRN, { unit: 's', bars: [], note: 'both together' })
  rows.show(table, idle, SWARM, { unit: 's', bars: [], note: 'both together', ratio: rows.ratio(idle, CAIRN, SWARM) })
  rows.throwIfFailed(/Cairn/)
})

const topicOf = (key: Uint8Array): string => Hypercore.discoveryKey(key).toString('hex')

const startMany = () => MeasuredProcess.start(new URL('plain-many.mjs', import.meta.url).pathname)
