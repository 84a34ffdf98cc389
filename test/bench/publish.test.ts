/**
 * Publishing a folder, in the path that ships: hashed, flushed before it is announced, watched, and followed by a plain
 * Hyperdrive. Beside it, in the same run and on the same folder, mirror-drive, Syncthing, and what the disk and one core
 * can do at all. Each in a process of its own, with a storage of its own.
 *
 * BENCH_RUNS says how often each is measured (5), BENCH_ONLY which rows are ("1 GiB.*Cairn").
 */
import { randomBytes } from 'node:crypto'
import { copyFile, open, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, onTestFinished, test } from 'vitest'
import { temporaryFolder } from '../helpers/files.ts'
import { startTestnet } from '../helpers/testnet.ts'
import { Cairn } from './cairn.ts'
import { describeMachine, run, settle } from './machine.ts'
import { type Figures, MeasuredProcess, now } from './measured.ts'
import { Reader } from './reader.ts'
import { pathOf, writeSource } from './source.ts'
import { Syncthing, syncthingVersion } from './syncthing.ts'
import { type Bar, median, Table } from './table.ts'

const RUNS = Number(process.env['BENCH_RUNS'] ?? 5)
/** Of what takes a minute and more. */
const SLOW_RUNS = Math.min(RUNS, 2)
const ONLY = new RegExp(process.env['BENCH_ONLY'] ?? '')
/** A changeset is made when nothing has changed for so long. */
const QUIET = 1000
/** What lies in the folder that is published. */
const INNER = 'everything'

const CAIRN = 'Cairn'
const MIRROR = 'mirror-drive'
const SCANNED = 'Syncthing, added → scanned'
const STARTED = 'Syncthing, with its start'
const COPY = 'cp -r'
const SYNCED = 'cp -r; sync -f'
const DIGEST = 'BLAKE2b-256, one thread'
const RUNNING = 'Cairn, asked again'
const RESTARTED = 'Cairn, restarted'

const SHIPPED = 'flushed, watched, plain reader connected'
const ALONE = 'alone: not flushed, not watched, nobody connected'

type Kind = {
  readonly name: string
  readonly files: number
  readonly size: number
  /** How many times as fast as each Cairn is to be. */
  readonly bars: Readonly<Record<string, number>>
  readonly mirrorRuns: number
  readonly syncthing: boolean
}

const KINDS: readonly Kind[] = [
  {
    name: '10,000 × 10 KiB',
    files: 10_000,
    size: 10 * 1024,
    bars: { [MIRROR]: 8, [SCANNED]: 1, [STARTED]: 1 },
    mirrorRuns: RUNS,
    syncthing: true,
  },
  {
    name: '50,000 × 1 KiB',
    files: 50_000,
    size: 1024,
    bars: { [MIRROR]: 15 },
    mirrorRuns: SLOW_RUNS,
    syncthing: false,
  },
  {
    name: '1 × 1 GiB',
    files: 1,
    size: 1 << 30,
    bars: { [MIRROR]: 1.4, [SCANNED]: 0.5, [STARTED]: 0.5 },
    mirrorRuns: RUNS,
    syncthing: true,
  },
  { name: '8 × 128 MiB', files: 8, size: 128 << 20, bars: { [MIRROR]: 1.4 }, mirrorRuns: RUNS, syncthing: false },
]

const FIRST = (name: string) => `${name}, first publish`
const AGAIN = '50,000 × 1 KiB, nothing changed'
const CHANGED = '50,000 × 1 KiB, one changed, live'
const FOLDER_RENAMED = '10,000 × 10 KiB, their folder renamed, live'
const FILE_RENAMED = '1 × 1 GiB, renamed, live'
const FILE_COPIED = '1 × 1 GiB, copied, live'
const BYTE_CHANGED = '1 × 20 MiB, a byte in its middle changed, live'

let table: Table
beforeAll(async () => {
  table = new Table(
    `Publish on ${await describeMachine()}, Syncthing ${syncthingVersion() ?? 'not installed'}\n` +
      'Each in a process and a storage of its own; MB are 1,000,000 bytes. The loop’s delay has the 5 ms between two samples\n' +
      'in it; RSS is the peak. Live: from the change on the disk until the archive’s row has it, less the second of quiet.\n' +
      '“to Cairn”: its time to that of Cairn. Bars hold for medians, that of RSS for each run.',
    ['MB/s', 'files/s', 'loop p99 ms', 'loop max ms', 'RSS MB'],
  )
})
afterAll(() => table.print())

// What is measured

for (const kind of KINDS) {
  test(kind.name, async () => {
    const rows = new Rows()
    const first = FIRST(kind.name)
    const live = {
      '10,000 × 10 KiB': [FOLDER_RENAMED],
      '50,000 × 1 KiB': [CHANGED, AGAIN],
      '1 × 1 GiB': [FILE_RENAMED, FILE_COPIED],
    }[kind.name]?.flatMap(what => [CAIRN, RUNNING, RESTARTED].filter(who => rows.wants(what, who)))
    const peers = [MIRROR, SCANNED, STARTED, COPY, SYNCED, DIGEST].filter(
      who => rows.wants(first, who) || (kind.files === 50_000 && rows.wants(AGAIN, who)),
    )
    const ours = rows.wants(first, CAIRN)
    if (!ours && !live?.length && peers.length === 0) return
    const { source, bootstrap } = await prepare(kind.files, kind.size)

    let session: Session | null = null
    try {
      for (let index = 0; index < RUNS; index++) {
        const last = index === RUNS - 1
        if (peers.includes(MIRROR) && index < kind.mirrorRuns) await measureMirror(rows, kind, source)
        if (kind.syncthing && (peers.includes(SCANNED) || peers.includes(STARTED)))
          await measureSyncthing(rows, kind, source)
        if (peers.includes(COPY) || peers.includes(SYNCED)) await measureCopy(rows, kind, source)
        if (peers.includes(DIGEST)) await measureDigest(rows, kind, source)
        if (!ours && !(last && live?.length)) continue
        await session?.end()
        session = await measureFirst(rows, kind, source, bootstrap)
      }
      if (session !== null && live?.length) await measureLive(rows, session, kind, source)
    } finally {
      showFirst(rows, kind)
      showLive(rows)
      await session?.end()
    }
    rows.throwIfFailed()
  })
}

test('a large file of which a byte changes', async () => {
  const rows = new Rows()
  if (!rows.wants(BYTE_CHANGED, CAIRN)) return
  const size = 20 << 20
  const { source, bootstrap } = await prepare(1, size)
  const [session] = await publishFirst(source, bootstrap, { files: 1, size })
  const local = join(source, INNER, pathOf(0))
  try {
    for (let index = 0; index < RUNS; index++) {
      await rows.measure(BYTE_CHANGED, CAIRN, () =>
        measureChange(
          session,
          `${INNER}/${pathOf(0)}`,
          async () => {
            const file = await open(local, 'r+')
            const position = (10 << 20) + index * 1000
            const { buffer } = await file.read(Buffer.alloc(1), 0, 1, position)
            await file.write(Buffer.from([buffer[0]! ^ 1]), 0, 1, position)
            await file.close()
          },
          async () => true,
        ),
      )
    }
  } finally {
    showLive(rows)
    await session.end()
  }
  rows.throwIfFailed()
})

type Session = {
  cairn: Cairn
  readonly bootstrap: string
  readonly reader: Reader
  readonly source: string
  readonly key: string
  end(): Promise<void>
}

/** null: it could not be published. */
async function measureFirst(rows: Rows, kind: Kind, source: string, bootstrap: string): Promise<Session | null> {
  let session: Session | null = null
  await rows.measure(FIRST(kind.name), CAIRN, async () => {
    const [begun, sample] = await publishFirst(source, bootstrap, kind)
    session = begun
    return sample
  })
  return session
}

/** Cairn with a fresh storage, and a reader who is connected as soon as there is a link. */
async function publishFirst(
  source: string,
  bootstrap: string,
  { files, size }: { readonly files: number; readonly size: number },
): Promise<readonly [Session, Sample]> {
  const bytes = files * size
  const storage = await temporaryFolder('bench-cairn')
  const reader = await Reader.start(bootstrap)
  const cairn = await Cairn.start(storage, bootstrap)
  await cairn.goOnline()
  await settle(source)
  await cairn.figures()
  let following: Promise<number> | null = null
  const { key, row, asked, yes, linked, done, progress } = await cairn.publish(source, link => {
    following = reader.follow(link)
    following.catch(() => {})
  })
  const figures = await cairn.figures()
  const connected = await following!
  const heard = await reader.heard(row.length)
  const last = `${INNER}/${pathOf(files - 1)}`
  await reader.check(`/${last}`, join(source, last))
  const { held } = await cairn.calm(key)
  const session: Session = {
    cairn,
    bootstrap,
    reader,
    source,
    key,
    async end() {
      await this.cairn.end()
      await reader.end()
      await rm(storage, { recursive: true, force: true })
    },
  }
  const seconds = (done - asked) / 1000
  return [
    session,
    {
      value: seconds,
      also: {
        ...throughput(files, bytes, seconds),
        'sheet s': (yes - asked) / 1000,
        'from the yes s': (done - yes) / 1000,
        'link ms': linked - yes,
        ...figuresOf(figures),
        'progress/s': progress.rate,
        'longest silence ms': progress.silence,
        'reader connected ms': connected - linked,
        'reader has all ms': heard - done,
        'versions heard': reader.versionsHeard,
        ...(held.ofBytes === bytes ? {} : { 'MB stored': held.ofBytes / 1e6 }),
      },
    },
  ]
}

async function measureLive(rows: Rows, session: Session, { size, files }: Kind, source: string): Promise<void> {
  const inner = join(source, INNER)
  const has = async (version: number, paths: Readonly<Record<string, number | null>>) => {
    for (const [path, expected] of Object.entries(paths))
      if ((await session.cairn.size(session.key, version, path)) !== expected) return false
    return true
  }
  const lastPath = pathOf(files - 1)
  for (let index = 0; index < RUNS; index++) {
    const there = index % 2 === 0
    if (files === 10_000 && rows.wants(FOLDER_RENAMED, CAIRN)) {
      const [from, to] = there ? [INNER, 'renamed'] : ['renamed', INNER]
      await rows.measure(FOLDER_RENAMED, CAIRN, () =>
        measureChange(
          session,
          `${to}/${lastPath}`,
          () => rename(join(source, from), join(source, to)),
          version =>
            has(version, {
              [`/${to}/${pathOf(0)}`]: size,
              [`/${to}/${lastPath}`]: size,
              [`/${from}/${pathOf(0)}`]: null,
              [`/${from}/${lastPath}`]: null,
            }),
        ),
      )
    }
    if (files === 1 && rows.wants(FILE_COPIED, CAIRN)) {
      await rows.measure(FILE_COPIED, CAIRN, () =>
        measureChange(
          session,
          `${INNER}/copy.bin`,
          () => copyFile(join(inner, pathOf(0)), join(inner, 'copy.bin')),
          version => has(version, { [`/${INNER}/copy.bin`]: size }),
        ),
      )
      await session.cairn.follow(
        session.key,
        () => rm(join(inner, 'copy.bin')),
        version => has(version, { [`/${INNER}/copy.bin`]: null }),
      )
    }
    if (files === 50_000 && rows.wants(CHANGED, CAIRN)) {
      const path = pathOf(20_000 + index)
      await rows.measure(CHANGED, CAIRN, () =>
        measureChange(
          session,
          `${INNER}/${path}`,
          () => writeFile(join(inner, path), randomBytes(size)),
          async () => true,
        ),
      )
    }
  }
  for (let index = 0; index < RUNS; index++) {
    const [from, to] = index % 2 === 0 ? [pathOf(0), 'renamed.bin'] : ['renamed.bin', pathOf(0)]
    if (files === 1 && rows.wants(FILE_RENAMED, CAIRN))
      await rows.measure(FILE_RENAMED, CAIRN, () =>
        measureChange(
          session,
          `${INNER}/${to}`,
          () => rename(join(inner, from), join(inner, to)),
          version => has(version, { [`/${INNER}/${to}`]: size, [`/${INNER}/${from}`]: null }),
        ),
      )
    if (files === 50_000 && rows.wants(AGAIN, RUNNING))
      await rows.measure(AGAIN, RUNNING, async () => {
        const { length } = await session.cairn.calm(session.key)
        await settle(source)
        const { took, figures } = await session.cairn.publishAgain(source, session.key)
        await expectUnchanged(session, length)
        return { value: took / 1000, also: figuresOf(figures) }
      })
    if (files === 50_000 && rows.wants(AGAIN, RESTARTED))
      await rows.measure(AGAIN, RESTARTED, async () => {
        const { length } = await session.cairn.calm(session.key)
        await session.cairn.end()
        await settle(source)
        const began = now()
        session.cairn = await Cairn.start(session.cairn.storage, session.bootstrap)
        const answered = now()
        const done = await session.cairn.rescanned(session.key)
        const figures = await session.cairn.figures()
        await expectUnchanged(session, length)
        return {
          value: (done - began) / 1000,
          also: { 'answered after s': (answered - began) / 1000, ...figuresOf(figures) },
        }
      })
  }
}

async function expectUnchanged({ cairn, key }: Session, length: number): Promise<void> {
  const after = await cairn.calm(key)
  if (after.length !== length) throw new Error(`Nothing had changed, and there is a version ${after.length}`)
}

/** `path`: of a file in the inner folder or beside it that the reader must have as it is on the disk. */
async function measureChange(
  { cairn, reader, key, source }: Session,
  path: string,
  act: () => Promise<void>,
  holds: (version: number) => Promise<boolean>,
): Promise<Sample> {
  const { acted, at, length, bytes, asked, figures } = await cairn.follow(key, act, holds)
  const heard = await reader.heard(length)
  await reader.check(`/${path}`, join(source, path))
  return {
    value: at - acted - QUIET,
    also: {
      'reader ms': heard - acted - QUIET,
      'blob bytes added': bytes,
      ...figuresOf(figures),
      ...(asked ? { 'asked about removals': 1 } : {}),
    },
  }
}

async function measureMirror(rows: Rows, { name, files, size }: Kind, source: string): Promise<void> {
  const storage = await temporaryFolder('bench-mirror')
  const mirror = await MeasuredProcess.start(new URL('mirror-drive.mjs', import.meta.url).pathname)
  await mirror.ask('open', { storage })
  type Done = { readonly seconds: number; readonly changed: number }
  await rows.measure(FIRST(name), MIRROR, async () => {
    await settle(source)
    await mirror.figures()
    const { seconds, changed } = await mirror.ask<Done>('mirror', { source })
    if (changed !== files) throw new Error(`it took ${changed} files`)
    return {
      value: seconds,
      also: { ...throughput(files, files * size, seconds), ...figuresOf(await mirror.figures()) },
    }
  })
  if (files === 50_000 && rows.wants(AGAIN, MIRROR))
    await rows.measure(AGAIN, MIRROR, async () => {
      await settle(source)
      await mirror.figures()
      const { seconds, changed } = await mirror.ask<Done>('mirror', { source })
      if (changed !== 0) throw new Error(`it changed ${changed} files`)
      return { value: seconds, also: figuresOf(await mirror.figures()) }
    })
  await mirror.end('SIGKILL')
  await rm(storage, { recursive: true, force: true })
}

async function measureSyncthing(rows: Rows, { name, files, size }: Kind, source: string): Promise<void> {
  await rows.measure(FIRST(name), SCANNED, async () => {
    if (syncthingVersion() === null) throw new Error('it is not installed')
    await settle(source)
    const syncthing = await Syncthing.start()
    const seconds = await syncthing.scan(source, INNER, files)
    const also = { 'RSS MB': (await syncthing.peak()) / 1e6 }
    await syncthing.end()
    await rows.measure(FIRST(name), STARTED, async () => ({ value: syncthing.started + seconds, also: {} }))
    return { value: seconds, also: { ...throughput(files, files * size, seconds), ...also } }
  })
}

async function measureCopy(rows: Rows, { name, files, size }: Kind, source: string): Promise<void> {
  const target = join(await temporaryFolder('bench-copy'), 'copy')
  await settle(source)
  const began = now()
  await rows.measure(FIRST(name), COPY, async () => {
    await run('cp', '-r', source, target)
    const seconds = (now() - began) / 1000
    return { value: seconds, also: throughput(files, files * size, seconds) }
  })
  await rows.measure(FIRST(name), SYNCED, async () => {
    await run('sync', '-f', target)
    const seconds = (now() - began) / 1000
    return { value: seconds, also: throughput(files, files * size, seconds) }
  })
  await rm(target, { recursive: true, force: true })
}

async function measureDigest(rows: Rows, { name, files, size }: Kind, source: string): Promise<void> {
  await rows.measure(FIRST(name), DIGEST, async () => {
    const child = await MeasuredProcess.start(new URL('blake2b.mjs', import.meta.url).pathname)
    await settle(source)
    const { seconds, hashing, bytes } = await child.ask<{ seconds: number; hashing: number; bytes: number }>('digest', {
      source,
    })
    await child.end('SIGKILL')
    if (bytes !== files * size) throw new Error(`it digested ${bytes} bytes`)
    return { value: seconds, also: { ...throughput(files, bytes, seconds), 'without reading s': hashing } }
  })
}

async function prepare(files: number, size: number): Promise<{ readonly source: string; readonly bootstrap: string }> {
  const testnet = await startTestnet()
  onTestFinished(() => testnet.close())
  const source = await temporaryFolder('bench-source')
  await writeSource(join(source, INNER), files, size)
  return { source, bootstrap: testnet.bootstrap[0]! }
}

// How it is shown

type Sample = { readonly value: number; readonly also: Readonly<Record<string, number>> }

/** What was measured, and what could not be. */
class Rows {
  readonly #samples = new Map<string, Sample[]>()
  readonly #failures = new Map<string, Error>()

  wants(what: string, who: string): boolean {
    return ONLY.test(`${what}: ${who}`)
  }

  /** What fails leaves a row that says so; what was not asked for leaves none. */
  async measure(what: string, who: string, sample: () => Promise<Sample>): Promise<void> {
    const name = `${what}: ${who}`
    try {
      const measured = await sample()
      if (!this.wants(what, who)) return
      this.#samples.set(name, [...(this.#samples.get(name) ?? []), measured])
      console.log(`${new Date().toTimeString().slice(0, 8)} ${name}: ${measured.value.toFixed(2)}`)
    } catch (error) {
      this.#failures.set(name, error as Error)
      console.log(`${new Date().toTimeString().slice(0, 8)} ${name}: ${(error as Error).message}`)
    }
  }

  values(what: string, who: string): readonly number[] {
    return (this.#samples.get(`${what}: ${who}`) ?? []).map(({ value }) => value)
  }

  also(what: string, who: string): Readonly<Record<string, readonly number[]>> {
    const found: Record<string, readonly number[]> = {}
    for (const { also } of this.#samples.get(`${what}: ${who}`) ?? [])
      for (const [label, value] of Object.entries(also)) found[label] = [...(found[label] ?? []), value]
    return found
  }

  /** How many times as long the second takes; NaN if one of them was not measured. */
  ratio(what: string, ours: string, theirs: string): number {
    return median(this.values(what, theirs)) / median(this.values(what, ours))
  }

  show(what: string, who: string, unit: string, bars: readonly Bar[], note: string, ratio?: number): void {
    const failure = this.#failures.get(`${what}: ${who}`)
    const values = this.values(what, who)
    if (values.length === 0 && failure === undefined) return
    const notes = [note, ...(failure === undefined ? [] : [`failed: ${failure.message.split('\n')[0]}`])]
    const also = this.also(what, who)
    table.add({ what, who, values, unit, bars: bars.filter(({ figure }) => figure !== ''), also, notes, ratio })
  }

  throwIfFailed(): void {
    const failed = [...this.#failures].filter(([name]) => name.includes(`: ${CAIRN}`))
    if (failed.length > 0)
      throw new AggregateError(
        failed.map(([, error]) => error),
        failed.map(([name, { message }]) => `${name}: ${message}`).join('\n'),
      )
  }
}

function showFirst(rows: Rows, { name, bars }: Kind): void {
  const what = FIRST(name)
  rows.show(what, CAIRN, 's', always(rows, what, CAIRN), SHIPPED)
  const notes = {
    [MIRROR]: ALONE,
    [SCANNED]: 'copies nothing, watched, nobody connected',
    [STARTED]: '',
    [COPY]: '',
    [SYNCED]: '',
    [DIGEST]: 'pages cached',
  }
  for (const [who, note] of Object.entries(notes)) {
    const ratio = rows.ratio(what, CAIRN, who)
    const bar = bars[who]
    rows.show(what, who, 's', bar === undefined ? [] : [atLeast(`≥ ${bar}×`, ratio, bar, '×')], note, ratio)
  }
}

function showLive(rows: Rows): void {
  for (const who of [RUNNING, RESTARTED]) {
    const faster = atLeast('20× as fast as mirror-drive', rows.ratio(AGAIN, who, MIRROR), 20, '×')
    const on = who === RUNNING ? `${SHIPPED}; the sheet and a second of quiet are in it` : 'watched; its start is in it'
    rows.show(AGAIN, who, 's', [faster, ...always(rows, AGAIN, who)], on)
  }
  rows.show(AGAIN, MIRROR, 's', [], ALONE, rows.ratio(AGAIN, RUNNING, MIRROR))
  const took = (what: string, limit: string, milliseconds: number) =>
    atMost(limit, median(rows.values(what, CAIRN)), milliseconds, ' ms')
  const noBytes = (what: string) =>
    atMost('no blob bytes', most(rows.also(what, CAIRN)['blob bytes added']), 0, ' bytes')
  const bars = {
    [CHANGED]: [took(CHANGED, '≤ 300 ms', 300)],
    [FOLDER_RENAMED]: [noBytes(FOLDER_RENAMED), took(FOLDER_RENAMED, '< 2 s', 2000)],
    [FILE_RENAMED]: [noBytes(FILE_RENAMED)],
    [FILE_COPIED]: [noBytes(FILE_COPIED)],
    [BYTE_CHANGED]: [],
  }
  for (const [what, its] of Object.entries(bars))
    rows.show(what, CAIRN, 'ms', [...its, ...always(rows, what, CAIRN)], SHIPPED)
}

/** What is wanted the whole time. */
function always(rows: Rows, what: string, who: string): readonly Bar[] {
  const also = rows.also(what, who)
  return [
    atMost('p99 ≤ 50 ms', median(also['loop p99 ms'] ?? []), 50, ' ms'),
    atMost('RSS ≤ 400 MB', most(also['RSS MB']), 400, ' MB'),
    ...(also['progress/s'] === undefined ? [] : [atLeast('progress ≥ 4/s', median(also['progress/s']), 4, '/s')]),
  ]
}

/** NaN is neither met nor missed, and is left out where it is shown. */
const atMost = (text: string, is: number, limit: number, unit: string): Bar => ({
  wanted: text,
  met: is <= limit,
  figure: Number.isNaN(is) ? '' : `${Number(is.toPrecision(3))}${unit}`,
})
const atLeast = (text: string, is: number, limit: number, unit: string): Bar => ({
  ...atMost(text, is, limit, unit),
  met: is >= limit,
})
const most = (values: readonly number[] = []): number => (values.length === 0 ? Number.NaN : Math.max(...values))

const figuresOf = ({ p99, max, rss }: Figures) => ({ 'loop p99 ms': p99, 'loop max ms': max, 'RSS MB': rss / 1e6 })

const throughput = (files: number, bytes: number, seconds: number): Readonly<Record<string, number>> => ({
  'MB/s': bytes / seconds / 1e6,
  ...(files >= 1000 ? { 'files/s': files / seconds } : {}),
})
