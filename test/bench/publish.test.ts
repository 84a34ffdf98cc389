/**
 * Publishing a folder, in the path that ships: hashed, flushed before it is announced, watched, and followed by a plain
 * Hyperdrive. Beside it, in the same run and on the same folder, mirror-drive, Syncthing, and what the disk and one core
 * can do at all. Each in a process of its own, with a storage of its own.
 *
 * BENCH_RUNS says how often each is measured (5), BENCH_ONLY which rows are, as a regular expression ("1 GiB.*Cairn").
 */
import { randomBytes } from 'node:crypto'
import { copyFile, open, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, onTestFinished, test } from 'vitest'
import { temporaryFolder } from '../helpers/files.ts'
import { startTestnet } from '../helpers/testnet.ts'
import { describeMachine } from './machine.ts'
import {
  COPY,
  DIGEST,
  measureCopy,
  measureDigest,
  measureMirror,
  measureSyncthing,
  MIRROR,
  NOTES,
  type Peer,
  SCANNED,
  STARTED,
  SYNCED,
} from './peers.ts'
import { always, atLeast, atMost, most, Rows, type Sample } from './rows.ts'
import { Session } from './session.ts'
import { makeSource, type Source } from './source.ts'
import { syncthingVersion } from './syncthing.ts'
import { type Bar, median, Table } from './table.ts'

const RUNS = Number(process.env['BENCH_RUNS'] ?? 5)
/** Of what takes a minute and more. */
const SLOW_RUNS = Math.min(RUNS, 2)

const CAIRN = 'Cairn'
const SHIPPED = 'flushed, watched, plain reader connected'
const FIRST = (name: string) => `${name}, first publish`
const AGAIN = '50,000 × 1 KiB, nothing changed'

/** What is done with a folder that is published and live. */
type Live = {
  readonly what: string
  readonly who: string
  readonly unit: 'ms' | 's'
  readonly note: string
  run(session: Session, index: number): Promise<Sample>
  bars(rows: Rows): readonly Bar[]
}

type Kind = {
  readonly name: string
  readonly files: number
  readonly size: number
  /** Beside whom the first publish is measured, and how many times as fast as they it is to be. */
  readonly peers: { readonly [who in Peer]?: number | null }
  readonly mirrorRuns: number
  readonly live: readonly Live[]
}

const FOLDER_RENAMED = live('10,000 × 10 KiB, their folder renamed, live', {
  run(session, index) {
    const { folder, inner, files, size, pathOf } = session.source
    const [from, to] = index % 2 === 0 ? [inner, 'renamed'] : ['renamed', inner]
    const ends = [0, files - 1].map(end => pathOf(end).slice(inner.length))
    return session.change(() => rename(join(folder, from), join(folder, to)), {
      ...Object.fromEntries(ends.map(path => [`${to}${path}`, size])),
      ...Object.fromEntries(ends.map(path => [`${from}${path}`, null])),
    })
  },
  bars: (rows, what) => [noBlobBytes(rows, what), within(rows, what, '< 2 s', 2000)],
})

const CHANGED = live('50,000 × 1 KiB, one changed, live', {
  run(session, index) {
    const { folder, size, pathOf } = session.source
    const path = pathOf(20_000 + index)
    return session.change(() => writeFile(join(folder, path), randomBytes(size)), { [path]: size })
  },
  bars: (rows, what) => [within(rows, what, '≤ 300 ms', 300)],
})

const ASKED_AGAIN: Live = {
  what: AGAIN,
  who: 'Cairn, asked again',
  unit: 's',
  note: `${SHIPPED}; the sheet and a second of quiet are in it`,
  run: session => session.publishAgain(),
  bars: rows => [twentyTimes(rows, ASKED_AGAIN.who)],
}

const RESTARTED: Live = {
  what: AGAIN,
  who: 'Cairn, restarted',
  unit: 's',
  note: 'watched; its start is in the time, and not in the loop’s delay',
  run: session => session.restart(),
  bars: rows => [twentyTimes(rows, RESTARTED.who)],
}

const FILE_COPIED = live('1 × 1 GiB, copied, live', {
  async run(session) {
    const { folder, inner, size, pathOf } = session.source
    const copy = `${inner}/copy.bin`
    const sample = await session.change(() => copyFile(join(folder, pathOf(0)), join(folder, copy)), { [copy]: size })
    await session.change(() => rm(join(folder, copy)), { [copy]: null })
    return sample
  },
  bars: (rows, what) => [noBlobBytes(rows, what)],
})

const FILE_RENAMED = live('1 × 1 GiB, renamed, live', {
  run(session, index) {
    const { folder, inner, size, pathOf } = session.source
    const names = [pathOf(0), `${inner}/renamed.bin`]
    const [from, to] = [names[index % 2]!, names[(index + 1) % 2]!]
    return session.change(() => rename(join(folder, from), join(folder, to)), { [to]: size, [from]: null })
  },
  bars: (rows, what) => [noBlobBytes(rows, what)],
})

const BYTE_CHANGED = live('1 × 20 MiB, a byte in its middle changed, live', {
  run(session, index) {
    const { folder, size, pathOf } = session.source
    return session.change(() => flipByte(join(folder, pathOf(0)), size / 2 + index * 1000), { [pathOf(0)]: size })
  },
  bars: () => [],
})

const PHYSICAL = { [COPY]: null, [SYNCED]: null, [DIGEST]: null }
const KINDS: readonly Kind[] = [
  {
    name: '10,000 × 10 KiB',
    files: 10_000,
    size: 10 << 10,
    peers: { [MIRROR]: 8, [SCANNED]: 1, [STARTED]: 1, ...PHYSICAL },
    mirrorRuns: RUNS,
    live: [FOLDER_RENAMED],
  },
  {
    name: '50,000 × 1 KiB',
    files: 50_000,
    size: 1 << 10,
    peers: { [MIRROR]: 15, ...PHYSICAL },
    mirrorRuns: SLOW_RUNS,
    live: [CHANGED, ASKED_AGAIN, RESTARTED],
  },
  {
    name: '1 × 1 GiB',
    files: 1,
    size: 1 << 30,
    peers: { [MIRROR]: 1.4, [SCANNED]: 0.5, [STARTED]: 0.5, ...PHYSICAL },
    mirrorRuns: RUNS,
    live: [FILE_COPIED, FILE_RENAMED],
  },
  {
    name: '8 × 128 MiB',
    files: 8,
    size: 128 << 20,
    peers: { [MIRROR]: 1.4, ...PHYSICAL },
    mirrorRuns: RUNS,
    live: [],
  },
  { name: '1 × 20 MiB', files: 1, size: 20 << 20, peers: {}, mirrorRuns: 0, live: [BYTE_CHANGED] },
]

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

for (const kind of KINDS) {
  test(kind.name, async () => {
    const rows = new Rows()
    const first = FIRST(kind.name)
    const lives = kind.live.filter(({ what, who }) => rows.wants(what, who))
    const wants = (...peers: readonly Peer[]) => peers.some(who => who in kind.peers && rows.wants(first, who))
    const again = kind.live.includes(ASKED_AGAIN) && rows.wants(AGAIN, MIRROR) ? AGAIN : null
    const ours = Object.keys(kind.peers).length > 0 && rows.wants(first, CAIRN)
    const peers = [
      { wanted: wants(MIRROR) || again !== null, runs: kind.mirrorRuns, measure: measureMirror },
      { wanted: wants(SCANNED, STARTED), runs: RUNS, measure: measureSyncthing },
      { wanted: wants(COPY, SYNCED), runs: RUNS, measure: measureCopy },
      { wanted: wants(DIGEST), runs: RUNS, measure: measureDigest },
    ].filter(({ wanted }) => wanted)
    if (!ours && lives.length === 0 && peers.length === 0) return

    const testnet = await startTestnet()
    onTestFinished(() => testnet.close())
    const source = await makeSource(await temporaryFolder('bench-source'), kind.files, kind.size)
    let session: Session | null = null
    try {
      for (let index = 0; index < RUNS; index++) {
        for (const { runs, measure } of peers) if (index < runs) await measure(rows, source, first, again)
        if (!ours && (lives.length === 0 || index < RUNS - 1)) continue
        await session?.end()
        session = await measureFirst(rows, source, testnet.bootstrap[0]!, first)
      }
      for (const one of session === null ? [] : lives)
        for (let index = 0; index < RUNS; index++) await rows.measure(one.what, one.who, () => one.run(session!, index))
    } finally {
      show(rows, kind)
      await session?.end()
    }
    rows.throwIfFailed(/: Cairn/)
  })
}

/** null: it could not be published. */
async function measureFirst(rows: Rows, source: Source, bootstrap: string, what: string): Promise<Session | null> {
  let begun: Session | null = null
  await rows.measure(what, CAIRN, async () => {
    const { session, first } = await Session.begin(source, bootstrap)
    begun = session
    return first
  })
  return begun
}

function show(rows: Rows, { name, peers, live }: Kind): void {
  const first = FIRST(name)
  if (Object.keys(peers).length > 0)
    rows.show(table, first, CAIRN, { unit: 's', bars: always(rows, first, CAIRN), note: SHIPPED })
  for (const [who, bar] of Object.entries(peers)) {
    const ratio = rows.ratio(first, CAIRN, who)
    const bars = bar === null ? [] : [atLeast(`≥ ${bar}×`, ratio, bar, '×')]
    rows.show(table, first, who, { unit: 's', bars, note: NOTES[who as Peer], ratio })
  }
  for (const { what, who, unit, note, bars } of live)
    rows.show(table, what, who, { unit, bars: [...bars(rows), ...always(rows, what, who)], note })
  if (live.includes(ASKED_AGAIN)) {
    const ratio = rows.ratio(AGAIN, ASKED_AGAIN.who, MIRROR)
    rows.show(table, AGAIN, MIRROR, { unit: 's', bars: [], note: NOTES[MIRROR], ratio })
  }
}

/** A change on the disk that the archive follows. */
function live(
  what: string,
  { run, bars }: Pick<Live, 'run'> & { readonly bars: (rows: Rows, what: string) => readonly Bar[] },
): Live {
  return { what, who: CAIRN, unit: 'ms', note: SHIPPED, run, bars: rows => bars(rows, what) }
}

function within(rows: Rows, what: string, wanted: string, milliseconds: number): Bar {
  return atMost(wanted, median(rows.values(what, CAIRN)), milliseconds, ' ms')
}

function noBlobBytes(rows: Rows, what: string): Bar {
  return atMost('no blob bytes', most(rows.also(what, CAIRN)['blob bytes added']), 0, ' bytes')
}

function twentyTimes(rows: Rows, who: string): Bar {
  return atLeast('20× as fast as mirror-drive', rows.ratio(AGAIN, who, MIRROR), 20, '×')
}

async function flipByte(path: string, position: number): Promise<void> {
  const file = await open(path, 'r+')
  const { buffer } = await file.read(Buffer.alloc(1), 0, 1, position)
  await file.write(Buffer.from([buffer[0]! ^ 0xff]), 0, 1, position)
  await file.close()
}
