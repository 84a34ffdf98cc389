import { describe, expect, test } from 'vitest'
import { encodeKey } from '../../main/archives/links.ts'
import { parseArguments } from '../../main/cli/arguments.ts'
import { helpFor } from '../../main/cli/help.ts'
import { failureOf } from '../../main/cli/failure.ts'
import { Output, type Sink } from '../../main/cli/output.ts'
import { run } from '../../main/cli/run.ts'
import { duration, printable, progress, reason, size, time, verdict } from '../../main/cli/words.ts'
import { Collection } from '../../main/lib/collection.ts'
import { shortKey } from '../../main/lib/short-key.ts'
import { AppError } from '../../preload/contract/errors.ts'
import { contract, type Contract } from '../../preload/contract/index.ts'
import type {
  ArchiveRow,
  ArchiveState,
  NetworkStatus,
  PublishReview,
  Settings,
  Skipped,
  TransferRow,
  UnreachableReason,
} from '../../preload/contract/models.ts'
import { connect } from '../../preload/wire/connect.ts'
import type { ClientFrame, ServerFrame } from '../../preload/wire/frames.ts'
import { type Handlers, serve } from '../../preload/wire/serve.ts'
import { memoryPair } from '../../preload/wire/transports.ts'
import { shortKey as onThePage } from '../../renderer/ui/names.ts'

const key = encodeKey(new Uint8Array(32).fill(7))
const link = `hyper://${key}`
const noAttempts = { connecting: 0, connected: 0, silent: 0, blocked: 0, refused: 0 }
const unreachable = (why: UnreachableReason): Extract<ArchiveState, { name: 'unreachable' }> => ({
  name: 'unreachable',
  reason: why,
  since: 0,
  lastTried: 0,
  candidates: 0,
  attempts: noAttempts,
})

describe('arguments', () => {
  const parse = (...args: string[]) => parseArguments(args, { CAIRN_STORAGE: '/data' })

  test('every command', () => {
    expect(parse('serve', '--port', '8080', '--allow-host', 'localhost:9000')).toMatchObject({
      name: 'serve',
      port: 8080,
      allowHosts: ['localhost:9000'],
    })
    expect(
      parse('publish', 'a', 'b', '--exclude', '*.log', '--exclude=x', '--private', '--exit', '-y', '--title', 'T'),
    ).toMatchObject({
      name: 'publish',
      paths: ['a', 'b'],
      exclude: ['*.log', 'x'],
      private: true,
      exit: true,
      yes: true,
      title: 'T',
    })
    expect(parse('ls', link, '-r', '--timeout', '5')).toMatchObject({ name: 'ls', link, recursive: true, timeout: 5 })
    expect(parse('get', `${link}/a`, 'dest', '--overwrite')).toMatchObject({
      name: 'get',
      link: `${link}/a`,
      to: { folder: 'dest' },
      overwrite: true,
    })
    expect(parse('keep', link)).toMatchObject({ name: 'keep', folder: null, exit: false })
    expect(parse('keep', '-', 'folder')).toMatchObject({ name: 'keep', link: '-', folder: 'folder' })
    expect(parse('watch', link)).toMatchObject({ name: 'watch', link, stop: false, timeout: null })
    expect(parse('watch', link, '--stop')).toMatchObject({ name: 'watch', stop: true })
    expect(parse('keep', link)).toMatchObject({ only: [], ask: null, growth: null })
    expect(parse('keep', link, '--only', '/a/', '--only', '*.b', '--ask', '--growth', '1.5GB')).toMatchObject({
      only: ['/a/', '*.b'],
      ask: true,
      growth: 1_500_000_000,
    })
    expect(parse('keep', link, '--growth', 'any', '--no-ask')).toMatchObject({ growth: 'any', ask: false })
    expect(() => parse('keep', link, 'folder', '--only', 'a')).toThrow(/FOLDER or --only/)
    expect(() => parse('keep', link, '--growth', 'much')).toThrow(/500MB/)
    expect(parse('take', link, '--stay')).toMatchObject({ name: 'take', stay: true, list: false, choose: [] })
    expect(parse('take', link, '--choose', '/a/', '--choose', '*.b')).toMatchObject({ choose: ['/a/', '*.b'] })
    expect(() => parse('take', link, '--list', '--stay')).toThrow(/one of --list/)
    expect(parse('disk')).toMatchObject({ name: 'disk', link: null, clear: false, cache: null })
    expect(parse('notify', link, '--off')).toMatchObject({ name: 'notify', link, on: false })
    expect(parse('notify')).toMatchObject({ link: null, on: null })
    expect(() => parse('notify', '--on', '--off')).toThrow('On or off')
    expect(parse('disk', link, '--clear', '--cache', '0')).toMatchObject({ clear: true, cache: 0 })
    expect(parse('holders', link, '--rarest', '9')).toMatchObject({ name: 'holders', link, rarest: 9 })
    const freeing = { name: 'free', link, others: 2, dryRun: false, undo: false }
    expect(parse('free', link, 'a', '/b')).toMatchObject({ ...freeing, paths: ['a', '/b'] })
    expect(parse('free', link, '--others', '3', '--dry-run')).toMatchObject({ others: 3, dryRun: true, paths: [] })
    expect(() => parse('free', link, '--others', '0')).toThrow('--others')
    expect(parse('history', link, '--changes')).toMatchObject({ name: 'history', changes: true, limit: null })
    expect(parse('history', link, '--version', '7', '--limit', '1')).toMatchObject({ version: 7, limit: 1 })
    expect(parse('diff', `${link}/a`, '0', '7')).toMatchObject({ name: 'diff', from: 0, to: 7 })
    for (const versions of [['7', '0'], ['7', '7'], ['a', '7'], ['-1', '7'], ['7']])
      expect(() => parse('diff', link, ...versions)).toThrow()
    expect(parse('network', '--table')).toMatchObject({ name: 'network', table: true })
    expect(parse('network', '--begin-with', 'a:1', '--begin-with', 'b:2')).toMatchObject({ beginWith: ['a:1', 'b:2'] })
    expect(parse('network', '--begin-with', 'public')).toMatchObject({ beginWith: [] })
    expect(() => parse('network', '--begin-with', 'public', '--begin-with', 'a:1')).toThrow('HOST:PORT')
    expect(parse('check', link)).toMatchObject({ name: 'check', link })
    expect(parse('lookup', link, '--fresh')).toMatchObject({ name: 'lookup', link, fresh: true })
    expect(parse('dht', '--port', '49737')).toMatchObject({ name: 'dht', port: 49_737, host: null, nodes: 6 })
    expect(parse('status')).toMatchObject({ name: 'status', storage: '/data', bootstrap: null, json: false })
    expect(parse('forget', key)).toMatchObject({ name: 'forget', link: key })
    expect(parse('--version')).toEqual({ name: 'version' })
  })

  test('what runs alone takes and shows no storage, and a key is taken as it is shown', () => {
    for (const name of ['dht', 'verify'] as const) {
      expect(helpFor(name)).not.toMatch(/--storage|--bootstrap|--adopt/)
      expect(helpFor(name)).toContain('--json')
    }
    expect(() => parse('dht', '--port', '5000', '--storage', 'x')).toThrow(/--storage/)
    expect(parse('call', 'ybndrfg8…', 'Ben')).toMatchObject({ machine: 'ybndrfg8', called: 'Ben' })
    expect([shortKey('ybndrfg8ejkmcpqx'), onThePage('ybndrfg8ejkmcpqx')]).toEqual(['ybndrfg8…', 'ybndrfg8…'])
  })

  test('options of every command may stand before it', () => {
    expect(
      parse('--storage', '/x', '--json', '--bootstrap', '127.0.0.1:1', '--bootstrap', 'h:2', 'ls', link),
    ).toMatchObject({
      name: 'ls',
      storage: '/x',
      json: true,
      bootstrap: ['127.0.0.1:1', 'h:2'],
      link,
    })
  })

  test('the environment names nodes, arguments replace them, nonsense is refused rather than ignored', () => {
    const environment = { CAIRN_STORAGE: '/data', CAIRN_BOOTSTRAP: '127.0.0.1:1, 127.0.0.1:2' }
    expect(parseArguments(['status'], environment)).toMatchObject({ bootstrap: ['127.0.0.1:1', '127.0.0.1:2'] })
    expect(parseArguments(['status', '--bootstrap', 'x:3'], environment)).toMatchObject({ bootstrap: ['x:3'] })
    expect(() => parseArguments(['status'], { CAIRN_BOOTSTRAP: 'nonsense' })).toThrow('nonsense')
    expect(() => parse('status', '--bootstrap', '127.0.0.1')).toThrow('HOST:PORT')
  })

  test.each([
    [['nonsense'], 'USAGE'],
    [['dht'], 'USAGE'],
    [['dht', '--port', '70000'], 'USAGE'],
    [['dht', '--port', '5000', '--host', 'example.org'], 'USAGE'],
    [['dht', '--port', '5000', '--host', '0.0.0.0'], 'USAGE'],
    [['check'], 'USAGE'],
    [['ls'], 'USAGE'],
    [['ls', link, 'more'], 'USAGE'],
    [['publish'], 'USAGE'],
    [['get', link], 'USAGE'],
    [['ls', link, '--nonsense'], 'USAGE'],
    [['ls', link, '--private'], 'USAGE'],
    [['ls', link, '--timeout', 'soon'], 'USAGE'],
    [['serve', '--port', '70000'], 'USAGE'],
    [['publish', 'x', '--title', ''], 'USAGE'],
    [['--json'], 'USAGE'],
    [['ls', 'hyper://wrong'], 'INVALID_LINK'],
    [['get', `dat://${'0'.repeat(64)}`, 'x'], 'OLD_DAT_LINK'],
  ])('%j is refused with exit code 2', (args, code) => {
    const failure = (() => {
      try {
        return parse(...args)
      } catch (error) {
        return failureOf(error)
      }
    })()
    expect(failure).toMatchObject({ code, exit: 2 })
  })
})

describe('words', () => {
  test('sizes, times, names', () => {
    expect([0, 999, 1000, 1234, 9999, 123_456, 999_600, 5_000_000_000].map(size)).toEqual([
      '0 B',
      '999 B',
      '1.0 kB',
      '1.2 kB',
      '10 kB',
      '123 kB',
      '1.0 MB',
      '5.0 GB',
    ])
    expect([0.2, 59, 120, 3700].map(duration)).toEqual(['1 s', '59 s', '2 min', '1 h 2 min'])
    expect(time(new Date(2026, 0, 2, 3, 4).getTime())).toBe('2026-01-02 03:04')
    expect(time(Number.MAX_VALUE)).toBe('?')
    expect(
      progress({ files: 1203, ofFiles: 5000, bytes: 1_200_000, ofBytes: 3_400_000, rate: 12_000, secondsLeft: 180 }),
    ).toBe('1,203 of 5,000 files, 1.2 MB of 3.4 MB, 12 kB/s, 3 min left')
  })

  test('a name cannot command the terminal or show another name than it has', () => {
    expect(printable('a\x1b[2Jb\rc\n')).toBe('a\\u{1b}[2Jb\\u{d}c\\u{a}')
    expect(printable('gpj\u202e.exe\u200b\u009b')).toBe('gpj\\u{202e}.exe\\u{200b}\\u{9b}')
    expect(printable('Grüße ☃ 🏖 日本')).toBe('Grüße ☃ 🏖 日本')
  })
})

describe('output', () => {
  test('progress is one line on a terminal and is gone before the next thing is said', () => {
    const error = new Written(true)
    const output = new Output(false, new Written(), error)
    output.progress('a'.repeat(200), {})
    output.progress('bb\n', {})
    output.note('done')
    expect(error.text).toBe(`\r\x1b[K${'a'.repeat(79)}\r\x1b[Kbb\\u{a}\r\x1b[Kdone\n`)
  })

  test('an error says code and words, never a stack, never the secret of a link', () => {
    const error = new Written()
    const output = new Output(true, new Written(), error)
    expect(output.failure(new TypeError('boom'))).toBe(1)
    expect(output.failure(new AppError('INVALID_LINK', 'No', { link: `${link}#secret`, at: 1, expected: 'x' }))).toBe(2)
    const [first, second] = error.objects()
    expect(first).toMatchObject({ error: { code: 'INTERNAL', message: expect.stringContaining('boom') } })
    expect(second).toMatchObject({ error: { code: 'INVALID_LINK', data: { at: 1 } } })
    expect(error.text).not.toMatch(/secret|at Object|\.ts/)
  })
})

describe('commands, against a scripted backend', () => {
  test('publish says what becomes public, asks for consent once, prints the link first', async () => {
    const backend = new Scripted()
    const first = await backend.run('publish', '/x', '--exit', '--exclude', '*.log', '--title', 'Holiday')
    expect(first.code).toBe(0)
    expect(first.out.split('\n')[0]).toBe(link)
    expect(first.error).toContain('3 files')
    expect(first.error).toContain('IP address')
    expect(backend.started).toEqual([
      { review: 'review', title: 'Holiday', private: false, exclude: ['*.log'], includeSuspicious: false, into: null },
    ])
    const second = await backend.run('publish', '/x', '--exit', '--json')
    expect(second.error).not.toContain('IP address')
    expect(JSON.parse(second.out.split('\n')[0] ?? '')).toEqual({ link, key })
  })

  test('publish refuses what looks private, unless it is excluded or meant', async () => {
    const backend = new Scripted()
    backend.suspicious = [{ path: '/sub/.env', why: 'settings', size: 3 }]
    const refused = await backend.run('publish', '/x', '--exit', '--json')
    expect(refused.code).toBe(4)
    expect(JSON.parse(refused.error.trim())).toMatchObject({
      error: { code: 'LOOKS_PRIVATE', data: { paths: [{ path: '/sub/.env' }] } },
    })
    expect(refused.out).toBe('')
    expect(backend.started).toEqual([])
    for (const rule of ['.env', '/sub', 'sub/.env', '/x/sub/.env', '*.env'])
      expect((await backend.run('publish', '/x', '--exit', '--exclude', rule)).code).toBe(0)
    expect((await backend.run('publish', '/x', '--exit', '--exclude', '/other')).code).toBe(4)
    expect((await backend.run('publish', '/x', '--exit', '--yes')).code).toBe(0)
    expect(backend.started.at(-1)).toMatchObject({ includeSuspicious: true })
  })

  test('nothing is imported when the storage has no room for it', async () => {
    const backend = new Scripted()
    backend.roomFree = 10
    const { code, error } = await backend.run('publish', '/x', '--exit')
    expect([code, backend.started]).toEqual([1, []])
    expect(error).toContain('free')
  })

  test('ls waits for peers, says why nobody was reachable, and has an exit code for it', async () => {
    const backend = new Scripted()
    backend.state = unreachable('dht-silent')
    const { code, error } = await backend.run('ls', link, '--timeout', '0.1', '--json')
    expect(code).toBe(3)
    expect(JSON.parse(error.trim().split('\n').at(-1) ?? '')).toMatchObject({
      error: { code: 'NOBODY_REACHABLE', data: { reason: 'dht-silent' } },
    })
  })

  test('who announces an archive and cannot be reached is said by what came back', () => {
    const some = { ...unreachable('peers-unreachable'), candidates: 4 }
    expect(reason(some)).toBe('Announced by 4 machines, but no connection succeeds')
    expect(reason({ ...some, attempts: { ...noAttempts, silent: 1, blocked: 2, refused: 1 } })).toBe(
      'Announced by 4 machines, but no connection succeeds: 1 does not answer (off, asleep or behind a firewall), no way to 2 of them through routers and firewalls, 1 declines',
    )
  })

  test('watch waits until it is there, says so, and leaves nothing to be told', async () => {
    const backend = new Scripted()
    backend.state = unreachable('nobody')
    const stop = new AbortController()
    const watching = backend.runUntil(stop.signal, 'watch', link)
    await expect.poll(() => backend.told).toEqual([true])
    backend.appears({ name: 'found' })
    const { code, out } = await watching
    expect([code, backend.told]).toEqual([0, [true, false]])
    expect(out).toContain('Found')
  })

  test('watch that is stopped goes on being watched for, until --stop', async () => {
    const backend = new Scripted()
    backend.state = unreachable('nobody')
    const stop = new AbortController()
    const watching = backend.runUntil(stop.signal, 'watch', link)
    await expect.poll(() => backend.told).toEqual([true])
    stop.abort()
    expect((await watching).code).toBe(130)
    expect(backend.watched).not.toBeNull()
    expect((await backend.run('watch', link, '--stop')).code).toBe(0)
    expect(backend.watched).toBeNull()
  })

  test('a private archive without its secret is told apart', async () => {
    const backend = new Scripted()
    backend.state = { name: 'secret-needed' }
    const { code, error } = await backend.run('ls', link)
    expect(code).toBe(1)
    expect(error).toContain('#')
  })

  test('get takes the link from standard input and lists what was skipped', async () => {
    const backend = new Scripted()
    backend.skipped = [
      { path: '/CON\x1b', reason: 'name-not-allowed', detail: 'The name belongs to a device on Windows.' },
    ]
    const { code, out } = await backend.run('get', '-', 'dest')
    expect(code).toBe(0)
    expect(out).toContain('skipped  /CON\\u{1b}: The name belongs to a device')
    expect(out).toContain('1 skipped')
  })

  test('being stopped cancels a download and ends with 130', async () => {
    const backend = new Scripted()
    backend.transfer = 'running'
    const stop = new AbortController()
    const ended = backend.runUntil(stop.signal, 'get', link, 'dest')
    await backend.downloading
    stop.abort()
    expect((await ended).code).toBe(130)
    expect(backend.cancelled).toEqual(['transfer'])
  })

  test('a download that nobody feeds ends with 3 and is not cancelled', async () => {
    const backend = new Scripted()
    backend.transfer = 'waiting-for-peers'
    const { code, error } = await backend.run('get', link, 'dest', '--timeout', '0.2')
    expect(code).toBe(3)
    expect(error).toContain('run the same command again')
    expect(backend.cancelled).toEqual([])
  })

  test('a download that waits because its archive is paused says so at once, and how it goes on', async () => {
    const backend = new Scripted()
    backend.transfer = 'waiting-for-peers'
    backend.paused = true
    const { code, error } = await backend.run('get', link, 'dest')
    expect(code).toBe(1)
    expect(error).toContain('cairn resume LINK')
    expect(error).not.toContain('waiting for peers')
  })

  test('a running backend keeps sharing when the CLI has left', async () => {
    const backend = new Scripted()
    backend.attached = true
    const { code, error } = await backend.run('publish', '/x')
    expect(code).toBe(0)
    expect(error).toContain('running Cairn goes on')
  })

  test('a storage that cannot be opened has its own exit code', async () => {
    const backend = new Scripted()
    backend.refusal = new AppError('STORAGE_IN_USE', 'Another program has the storage open', { storage: '/data' })
    const { code, error } = await backend.run('status')
    expect(code).toBe(5)
    expect(error).toBe(
      'cairn: Another program has the storage open. Stop the other one, or choose another folder with --storage.\n',
    )
  })

  test('losing the backend is said in words', async () => {
    const backend = new Scripted()
    backend.transfer = 'running'
    const ended = backend.run('get', link, 'dest')
    await backend.downloading
    backend.disconnect()
    const { code, error } = await ended
    expect(code).toBe(1)
    expect(error).toContain('closed')
  })
})

class Written implements Sink {
  text = ''
  readonly isTTY: boolean
  constructor(isTTY = false) {
    this.isTTY = isTTY
  }
  write(text: string) {
    this.text += text
  }
  objects(): unknown[] {
    return this.text
      .trim()
      .split('\n')
      .map(line => JSON.parse(line))
  }
}

/** A backend that plays one archive by a script, behind the real wire. */
class Scripted {
  suspicious: PublishReview['suspicious'] = []
  roomFree = 1e12
  state: ArchiveState = { name: 'found' }
  watched: ArchiveRow['watched'] = null
  /** What was asked of `tellWhenFound`, in order. */
  readonly told: boolean[] = []
  skipped: readonly Skipped[] = []
  transfer: 'done' | 'running' | 'waiting-for-peers' = 'done'
  attached = false
  paused = false
  refusal: AppError | null = null
  readonly started: unknown[] = []
  readonly cancelled: string[] = []
  disconnect: () => void = () => {}
  #begun: () => void = () => {}
  readonly downloading = new Promise<void>(resolve => {
    this.#begun = resolve
  })
  readonly #archives = new Collection<ArchiveRow>()
  readonly #transfers = new Collection<TransferRow>()
  readonly #settings = new Collection<Settings>()
  readonly #network = new Collection<NetworkStatus>()

  constructor() {
    this.#settings.put({
      id: 'settings',
      consented: false,
      theme: 'system',
      downloads: '/',
      author: '',
      notify: true,
      namePrivate: false,
      cache: 0,
      limits: { down: null, up: null, schedule: [], connections: 64 },
      paused: false,
      room: true,
      bootstrap: [],
      welcomed: true,
    })
  }

  run(...args: string[]) {
    return this.runUntil(new AbortController().signal, ...args)
  }

  async runUntil(signal: AbortSignal, ...args: string[]) {
    const stdout = new Written()
    const stderr = new Written()
    const openSession = async () => {
      if (this.refusal) throw this.refusal
      const [ours, theirs] = memoryPair<ClientFrame, ServerFrame>()
      serve(contract, this.#handlers(), theirs)
      this.disconnect = () => theirs.close()
      return { client: connect<Contract>(ours), attached: this.attached, close: async () => ours.close() }
    }
    const environment = { CAIRN_STORAGE: '/data' }
    const code = await run({
      args,
      environment,
      version: '1',
      stdout,
      stderr,
      stdin: async () => `${link}\n`,
      writeOut: async () => {},
      signal,
      beforeStopping: () => {},
      openSession,
      serve: async () => 0,
    })
    return { code, out: stdout.text, error: stderr.text }
  }

  appears(state: ArchiveState): void {
    this.state = state
    this.#addRow()
  }

  #addRow(): void {
    const { state, paused } = this
    const held = { blocks: 0, ofBlocks: 0, bytes: 0, ofBytes: 0 }
    this.#archives.put({
      id: key,
      link,
      title: 'T',
      description: '',
      author: '',
      ownership: 'friends',
      private: false,
      state,
      rewritten: null,
      watched: this.watched,
      length: 3,
      files: 3,
      bytes: 30,
      peers: 1,
      keeping: { how: 'look' },
      updates: { askFirst: false, growth: null, kept: null, chosen: null, pending: null },
      paused,
      held,
      source: null,
      stillBeingAdded: false,
      seenLength: 0,
      news: null,
      limits: { down: null, up: null },
      notify: true,
      changedAt: null,
      addedAt: 0,
    })
  }

  #addTransfer(kind: TransferRow['kind']): { readonly transfer: string } {
    this.#transfers.put({
      id: 'transfer',
      kind,
      key,
      title: 'T',
      state: { name: this.transfer },
      files: 3,
      ofFiles: 3,
      bytes: 30,
      ofBytes: 30,
      rate: 0,
      secondsLeft: null,
      current: null,
      folder: null,
      skipped: this.skipped,
      skippedCount: this.skipped.length,
      startedAt: 0,
      endedAt: 1,
    })
    this.#begun()
    return { transfer: 'transfer' }
  }

  #handlers(): Handlers<Contract> {
    const scripted = {
      archives: {
        open: () => {
          this.#addRow()
          return { key, version: null, path: '/' }
        },
        watch: (_: unknown, signal: AbortSignal) => this.#archives.watch(signal),
        tellWhenFound: ({ tell }: { readonly tell: boolean }) => {
          this.told.push(tell)
          this.watched = tell ? { since: 1_700_000_000_000, foundAt: null } : null
          this.#addRow()
        },
      },
      publish: {
        review: () => ({
          id: 'review',
          title: 'x',
          files: 3,
          bytes: 30,
          links: 0,
          largest: [{ path: '/a', size: 20 }],
          ignored: [],
          ignoredCount: 0,
          suspicious: this.suspicious,
          skipped: [],
          skippedCount: 0,
          roomNeeded: 40,
          roomFree: this.roomFree,
          already: null,
        }),
        start: (input: unknown) => {
          this.started.push(input)
          this.#addRow()
          return { key, link, ...this.#addTransfer('import') }
        },
      },
      read: { download: () => this.#addTransfer('download') },
      transfers: {
        watch: (_: unknown, signal: AbortSignal) => this.#transfers.watch(signal),
        cancel: ({ id }: { id: string }) => void this.cancelled.push(id),
        skipped: ({ id, offset }: { id: string; offset: number }) => {
          const { skipped, skippedCount } = this.#transfers.get(id)!
          return { skipped: skipped.slice(offset), total: skippedCount }
        },
      },
      network: { watch: (_: unknown, signal: AbortSignal) => this.#network.watch(signal) },
      settings: {
        watch: (_: unknown, signal: AbortSignal) => this.#settings.watch(signal),
        update: (change: Partial<Settings>) => this.#settings.put({ ...this.#settings.get('settings')!, ...change }),
      },
    }
    return complete(contract, scripted) as Handlers<Contract>
  }
}

/** What the script does not play is not asked for. */
function complete(tree: object, scripted: Record<string, unknown>): unknown {
  return Object.fromEntries(
    Object.entries(tree).map(([name, value]: [string, object]) => {
      const part = scripted[name]
      if ('kind' in value) return [name, part ?? (() => Promise.reject(new Error(`not in the script: ${name}`)))]
      return [name, complete(value, (part ?? {}) as Record<string, unknown>)]
    }),
  )
}

test('whether it will be there, in words', () => {
  const onlyHere = { files: 212, bytes: 1_400_000_000 }
  expect(
    [
      { name: 'safe', others: 3 } as const,
      { name: 'spread', others: 2, times: 1, withThis: 2 } as const,
      { name: 'only-here', others: 0, ...onlyHere } as const,
      { name: 'missing', others: 1, files: 1, bytes: 20, onlyHere } as const,
    ].map(verdict),
  ).toEqual([
    'Safe: 3 others hold all of it.',
    'No other holds all of it. Together, 2 others hold everything once; with this machine it exists twice.',
    'Only this machine holds 212 files (1.4 GB); nobody else is there.',
    'Nobody who is there holds 1 file (20 B), this machine included; 212 files (1.4 GB) are here alone.',
  ])
})
