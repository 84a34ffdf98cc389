/** A library as people have one: many archives, hostile names, every state that an archive can be in. */
import type {
  AboutProgram,
  AnnounceRow,
  ArchiveRow,
  ArchiveState,
  Attempts,
  Availability,
  AvailabilitySummary,
  ChangedFile,
  Changeset,
  Check,
  DhtTable,
  DiskUse,
  Entry,
  FileHolder,
  FolderUse,
  Held,
  Holder,
  LookupNode,
  LookupResult,
  Freeing,
  NetworkStatus,
  NewFile,
  News,
  PeerName,
  PartFiles,
  PeerRow,
  RareFile,
  RulesReview,
  Settings,
  TrafficRow,
  TransferRow,
  Verdict,
} from '../../preload/contract/models.ts'

const alphabet = 'ybndrfg8ejkmcpqxot1uwisza345h769'
/** A key that says which archive it is. */
export const keyOf = (number: number): string =>
  Array.from({ length: 52 }, (_, at) => alphabet[(number * 7 + at * 13) % 32]).join('')

export const now = Date.now()
const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

type Given = Partial<ArchiveRow> & { readonly number: number; readonly title: string }

export function archive({ number, ...given }: Given): ArchiveRow {
  const id = keyOf(number)
  return {
    id,
    link: `hyper://${id}`,
    description: '',
    author: '',
    ownership: 'friends',
    private: false,
    state: { name: 'found' },
    rewritten: null,
    watched: null,
    length: 42,
    files: 214,
    bytes: 1_234_567_890,
    peers: 2,
    keeping: { how: 'look' },
    updates: { askFirst: false, growth: 5_000_000_000, kept: null, chosen: null, pending: null },
    paused: false,
    held: { blocks: 120, ofBlocks: 480, bytes: 310_000_000, ofBytes: 1_234_567_890 },
    source: null,
    stillBeingAdded: false,
    seenLength: 42,
    news: null,
    notify: true,
    limits: { down: null, up: null },
    changedAt: now - 3 * HOUR,
    addedAt: now - 20 * DAY,
    ...given,
  }
}

const all = { blocks: 480, ofBlocks: 480, bytes: 1_234_567_890, ofBytes: 1_234_567_890 }
const none = { blocks: 0, ofBlocks: 0, bytes: 0, ofBytes: 0 }
const unknown = { length: 0, files: null, bytes: null, peers: 0, held: none, seenLength: 0, changedAt: null } as const
const since = now - 72_000

export const numbers = {
  holiday: 1,
  photographs: 2,
  mixes: 10,
  huge: 11,
  rtl: 12,
  looking: 20,
  reading: 21,
  nobody: 22,
  offline: 23,
  silent: 24,
  strict: 25,
  asleep: 13,
  lacks: 26,
  secret: 27,
  conflict: 28,
  behind: 3,
  empty: 29,
  consent: 30,
  away: 31,
  asks: 4,
  missing: 5,
  importing: 6,
  failed: 7,
  paused: 8,
  emptyOwn: 9,
} as const

const noAttempts: Attempts = { connecting: 0, connected: 0, silent: 0, blocked: 0, refused: 0 }
const unreachable = (
  reason: Extract<ArchiveState, { name: 'unreachable' }>['reason'],
  attempts: Partial<Attempts> = {},
): ArchiveState => ({
  name: 'unreachable',
  reason,
  since: now - 8 * MINUTE,
  lastTried: now - 90_000,
  candidates: reason === 'peers-unreachable' || reason === 'peer-lacks' ? 2 : 0,
  attempts: { ...noAttempts, ...attempts },
})

export const archives: readonly ArchiveRow[] = [
  archive({
    number: numbers.holiday,
    title: 'Holiday in the Cairngorms',
    description: 'Pictures and tracks of our week in June. Take what you like.',
    author: 'Mia',
    ownership: 'yours',
    peers: 4,
    held: all,
    source: { paths: ['/home/mia/Pictures/Holiday in the Cairngorms'], state: { name: 'watching' } },
  }),
  archive({
    number: numbers.photographs,
    title: 'Photographs',
    ownership: 'yours',
    peers: 0,
    held: all,
    private: true,
  }),
  archive({
    number: numbers.behind,
    title: 'Thesis',
    ownership: 'yours',
    state: { name: 'behind', length: 812, published: 840, alone: false },
    held: all,
  }),
  archive({
    number: numbers.asks,
    title: 'Recipes',
    ownership: 'yours',
    held: all,
    source: { paths: ['/home/mia/Recipes'], state: { name: 'asks-removal', removals: 1204, of: 1310 } },
  }),
  archive({
    number: numbers.missing,
    title: 'Old laptop',
    ownership: 'yours',
    held: all,
    peers: 1,
    source: { paths: ['/media/usb/backup'], state: { name: 'missing', path: '/media/usb/backup' } },
  }),
  archive({
    number: numbers.importing,
    title: 'Field recordings 2026',
    ownership: 'yours',
    peers: 1,
    source: { paths: ['/home/mia/Recordings'], state: { name: 'importing' } },
    stillBeingAdded: true,
  }),
  archive({
    number: numbers.failed,
    title: 'Letters',
    ownership: 'yours',
    held: all,
    source: {
      paths: ['/home/mia/Letters'],
      state: {
        name: 'failed',
        error: {
          code: 'NO_ROOM',
          message: 'No room',
          data: { path: '/home/mia', needed: 4_100_000_000, free: 120_000_000 },
        },
      },
    },
  }),
  archive({
    number: numbers.paused,
    title: 'Drafts',
    ownership: 'yours',
    held: all,
    source: { paths: ['/home/mia/Drafts'], state: { name: 'paused' } },
  }),
  archive({
    number: numbers.emptyOwn,
    title: 'For the band',
    ownership: 'yours',
    state: { name: 'empty' },
    files: 0,
    bytes: 0,
    peers: 0,
    held: none,
  }),
  archive({
    number: numbers.mixes,
    title: 'Ana’s mixes',
    author: 'Ana',
    description: 'One a month, sometimes two.',
    length: 57,
    seenLength: 42,
    news: { added: 2, changed: 1, removed: 1, renamed: 1, more: false },
    keeping: { how: 'all' },
    held: { blocks: 444, ofBlocks: 480, bytes: 1_140_000_000, ofBytes: 1_234_567_890 },
  }),
  archive({
    number: numbers.huge,
    title: 'A hundred thousand photographs of the sky over Novosibirsk, 1998–2026',
    files: 100_000,
    bytes: 480_000_000_000,
    peers: 12,
  }),
  archive({ number: numbers.rtl, title: 'صور من رحلة الصيف الماضية إلى الجبال', author: 'ليلى' }),
  archive({
    number: numbers.looking,
    title: '',
    ...unknown,
    state: {
      name: 'looking',
      since,
      dhtAnswered: true,
      candidates: 3,
      attempts: { ...noAttempts, connecting: 2, silent: 1 },
    },
  }),
  archive({
    number: numbers.reading,
    title: '',
    ...unknown,
    peers: 1,
    state: { name: 'reading', since: now - 4000, peers: 1 },
  }),
  archive({
    number: numbers.nobody,
    title: 'Tom’s field guides',
    ...unknown,
    state: unreachable('nobody'),
    watched: { since: now - 7 * MINUTE, foundAt: null },
  }),
  archive({ number: numbers.offline, title: '', ...unknown, state: unreachable('offline') }),
  archive({ number: numbers.silent, title: '', ...unknown, state: unreachable('dht-silent') }),
  archive({ number: numbers.strict, title: '', ...unknown, state: unreachable('peers-unreachable', { blocked: 2 }) }),
  archive({ number: numbers.asleep, title: '', ...unknown, state: unreachable('peers-unreachable', { silent: 2 }) }),
  archive({ number: numbers.lacks, title: '', ...unknown, peers: 2, state: unreachable('peer-lacks') }),
  archive({ number: numbers.secret, title: '', ...unknown, private: true, state: { name: 'secret-needed' } }),
  archive({
    number: numbers.conflict,
    title: 'Club archive',
    rewritten: { kind: 'forked', common: 38, here: 42, proof: true, mended: null, answer: 'asked' },
    peers: 3,
  }),
  archive({ number: numbers.empty, title: 'Shared notes', state: { name: 'empty' }, files: 0, bytes: 0, held: none }),
  archive({ number: numbers.consent, title: '', ...unknown, state: { name: 'waiting-for-consent' } }),
  archive({
    number: numbers.away,
    title: 'Grandfather’s slides',
    peers: 0,
    state: unreachable('nobody'),
    held: { ...all, blocks: 300 },
  }),
]

const file = (path: string, size: number, more: Partial<Entry> = {}): Entry => ({
  kind: 'file',
  name: path.slice(path.lastIndexOf('/') + 1),
  path,
  size,
  modified: now - 3 * DAY - size,
  executable: false,
  target: null,
  held: 'all',
  ...more,
})
const folder = (path: string): Entry => ({ ...file(path, 0), kind: 'folder', held: null, modified: null })

export const names = {
  bidi: 'invoice\u202Efdp.exe',
  invisible: 'pass\u200Bword.txt',
  long: `${'a very long name that goes on and on and says nothing at all '.repeat(3)}final version (2).tar.gz`,
}

export const entries: readonly Entry[] = [
  folder('/Day 1'),
  folder('/Day 2'),
  folder('/Day 10'),
  folder('/tracks'),
  file('/.hidden', 12),
  file('/Ben Macdui at dawn.jpg', 4_812_345),
  file('/IMG_2041.jpg', 3_200_111, { held: 'some' }),
  file('/IMG_2042.jpg', 3_411_111, { held: 'none' }),
  file('/map.pdf', 18_204_111, { held: 'none' }),
  file('/README.md', 1822),
  file('/run.sh', 212, { executable: true }),
  file('/latest', 0, { kind: 'link', target: 'Day 10' }),
  file('/sound of the burn.flac', 81_000_000, { held: 'some' }),
  file('/summit.mp4', 1_400_000_000, { held: 'none' }),
  file('/packing list.csv', 2310, { modified: null }),
  file(`/${names.bidi}`, 90_112, { held: 'none' }),
  file(`/${names.invisible}`, 22),
  file(`/${names.long}`, 5_000_000_000_000, { held: 'none' }),
  file('/رسالة إلى أمي.txt', 4021),
  file('/👩‍👩‍👧 family.png', 91_221),
  file('/empty', 0),
]

export const inFolder: readonly Entry[] = [
  file('/Day 1/coffee.jpg', 1_812_345),
  file('/Day 1/train.jpg', 2_200_111, { held: 'none' }),
]

export const HUGE = 100_000
export const hugeEntry = (index: number): Entry =>
  file(`/sky-${String(index).padStart(6, '0')}.jpg`, 1_000_000 + ((index * 7919) % 3_000_000), {
    held: index % 5 === 0 ? 'all' : 'none',
    modified: now - index * HOUR,
  })

const change = (length: number, from: number, time: number | null, given: Partial<Changeset> = {}): Changeset => ({
  length,
  from,
  time,
  source: 'recorded',
  added: 0,
  changed: 0,
  removed: 0,
  renamed: 0,
  touched: 0,
  bytes: 0,
  message: '',
  naming: null,
  describing: null,
  parts: 1,
  written: 0,
  more: false,
  partial: false,
  ...given,
})

export const changesets: readonly Changeset[] = [
  change(57, 52, now - 12 * MINUTE, {
    added: 2,
    changed: 1,
    renamed: 1,
    removed: 1,
    bytes: 92_000_000,
    message: 'November mix, and the one I forgot',
  }),
  change(52, 42, now - DAY - HOUR, { added: 9, removed: 1, bytes: 210_000_000 }),
  change(42, 40, now - 2 * DAY, { changed: 2, removed: 2, bytes: 4_100_000 }),
  change(40, 39, now - 2 * DAY - HOUR),
  change(39, 12, now - 9 * DAY, { added: 27, bytes: 400_000_000, partial: true }),
  change(12, 1, now - 9 * DAY - 5 * MINUTE, { added: 11, bytes: 120_000_000, partial: true }),
  change(1, 0, null, { source: 'inferred' }),
]

export const changedFiles: readonly ChangedFile[] = [
  { path: '/2026/11 November.flac', change: 'added', from: null, before: null, after: 88_000_000 },
  { path: `/2026/${names.bidi}`, change: 'added', from: null, before: null, after: 3_000_000 },
  { path: '/README.md', change: 'changed', from: null, before: 1200, after: 1822 },
  {
    path: '/2026/10 October.flac',
    change: 'renamed',
    from: '/2026/October, rough.flac',
    before: 71_000_000,
    after: 71_000_000,
  },
  { path: '/2025/old.flac', change: 'removed', from: null, before: 51_000_000, after: null },
]

export const newFiles: readonly NewFile[] = changedFiles.map(file => ({ ...file, missing: file.after ?? 0 }))
export const news: News = { added: 2, changed: 1, removed: 1, renamed: 1, more: false }

const GB = 1_000_000_000
const onlyHere: Verdict = { name: 'only-here', others: 2, files: 212, bytes: 1.4 * GB }
const safe: Verdict = { name: 'safe', others: 3 }
const summaryOf = (number: number, summary: Partial<AvailabilitySummary>): AvailabilitySummary => ({
  id: keyOf(number),
  now: safe,
  remembered: safe,
  connected: 3,
  away: 0,
  lastContact: null,
  ...summary,
})
const holder = (number: number, change: Partial<Holder>): Holder => ({
  id: keyOf(number),
  connected: true,
  seenAt: null,
  heard: true,
  cairn: true,
  keeps: 'all',
  list: true,
  all: true,
  blocks: 480,
  files: 1204,
  bytes: 4.2 * GB,
  ...change,
})
const parts = Array.from({ length: 256 }, (_, part) => part)
/** What people call some of those who hold what: long, from right to left, and with what cannot be seen. */
export const people: readonly PeerName[] = [
  { id: keyOf(101), name: 'Ana' },
  { id: keyOf(103), name: 'صندوق العائلة' },
  { id: keyOf(104), name: `The old box in the cellar ${'beside the other one '.repeat(3)}\u202Egnp.exe` },
]
export const availability: readonly Availability[] = [
  {
    ...summaryOf(numbers.holiday, {
      now: onlyHere,
      remembered: { name: 'safe', others: 1 },
      connected: 2,
      away: 2,
      lastContact: now - 3 * HOUR,
    }),
    asOf: now,
    unheard: 0,
    version: 12,
    files: 1204,
    bytes: 4.2 * GB,
    blocks: 20_480,
    here: { files: 1204, bytes: 4.2 * GB, blocks: 20_480 },
    onlyHere: { files: 212, bytes: 1.4 * GB },
    missing: { files: 0, bytes: 0 },
    byOthers: [212, 700, 292, 0, 0, 0, 0, 0, 0, 0, 0],
    bar: {
      least: parts.map(part => (part < 90 ? 2 : part < 170 ? 1 : part % 16 === 0 ? 1 : 0)),
      mean: parts.map(part => (part < 90 ? 2 : part < 170 ? 1.4 : part % 16 === 0 ? 1 : part % 5 === 0 ? 0.5 : 0)),
      here: parts.map(() => 1),
    },
    older: { blocks: 300, onlyHere: 12, missing: 0 },
    freed: { blocks: 0, bytes: 0 },
    peers: [
      holder(101, { all: false, blocks: 15_000, files: 992, bytes: 2.8 * GB, keeps: 'parts' }),
      holder(102, { all: false, blocks: 7000, files: 292, bytes: 0.9 * GB, keeps: null, cairn: false }),
      holder(103, { connected: false, seenAt: now - 3 * HOUR, blocks: 20_480 }),
      holder(104, {
        connected: false,
        seenAt: now - 9 * DAY,
        all: false,
        blocks: 40,
        files: 0,
        bytes: 0,
        keeps: 'look',
      }),
    ],
  },
  {
    ...summaryOf(numbers.mixes, {}),
    asOf: now,
    unheard: 0,
    version: 42,
    files: 48,
    bytes: 612_000_000,
    blocks: 48,
    here: { files: 12, bytes: 150_000_000, blocks: 12 },
    onlyHere: { files: 0, bytes: 0 },
    missing: { files: 0, bytes: 0 },
    byOthers: [0, 0, 0, 48, 0, 0, 0, 0, 0, 0, 0],
    bar: {
      least: Array.from({ length: 48 }, () => 3),
      mean: Array.from({ length: 48 }, () => 3),
      here: Array.from({ length: 48 }, (_, part) => (part < 12 ? 1 : 0)),
    },
    older: { blocks: 0, onlyHere: 0, missing: 0 },
    freed: { blocks: 36, bytes: 462_000_000 },
    peers: [holder(101, { files: 48 }), holder(102, { files: 48 }), holder(105, { files: 48 })],
  },
]
export const summaries: readonly AvailabilitySummary[] = [
  ...availability.map(({ id, now, remembered, connected, away, lastContact }) => ({
    id,
    now,
    remembered,
    connected,
    away,
    lastContact,
  })),
  summaryOf(numbers.photographs, {
    now: { name: 'only-here', others: 0, files: 80, bytes: 2 * GB },
    remembered: { name: 'only-here', others: 0, files: 80, bytes: 2 * GB },
    connected: 0,
  }),
  summaryOf(numbers.away, { connected: 0, away: 2, lastContact: now - 2 * DAY }),
]
/** By the length of its path nobody, one, two or three others hold it. */
export function heldAt(path: string, of: readonly Entry[]): Held | null {
  const entry = of.find(one => one.path === path)
  if (entry === undefined) return null
  const others = path.length % 4
  const isFolder = entry.kind === 'folder'
  const alone = others === 0 ? (isFolder ? 3 : 1) : 0
  return { path, others, here: entry.held === 'all' || isFolder, files: isFolder ? 40 : 1, alone }
}
export const fileHolders: readonly FileHolder[] = [
  { id: keyOf(101), connected: true, seenAt: null, share: 1 },
  { id: keyOf(102), connected: true, seenAt: null, share: 0.41 },
  { id: keyOf(104), connected: false, seenAt: now - 9 * DAY, share: 1 },
]
export const rareFiles: readonly RareFile[] = [
  { path: '/films/The whole way over the pass.webm', size: 0.9 * GB, others: 0, here: true },
  { path: '/README.md', size: 800, others: 1, here: true },
  { path: '/photos/gone.jpg', size: 900_000, others: 0, here: false },
]

/** Some long, one alone, and one that comes twice. */
export const partFiles = (part: number): PartFiles =>
  part % 3 === 0
    ? { files: 1, first: '/README.md', last: '/README.md' }
    : part % 3 === 1
      ? { files: 2, first: '/films/The whole way over the pass.webm', last: '/photos/gone.jpg' }
      : {
          files: 1200,
          first: '/photos/2026/On the way from the hut to the pass, early in the morning, before the snow.jpg',
          last: '/photos/2026/The pass, with everybody who got there and some who did not (second try).jpg',
        }

export const peers: readonly PeerRow[] = [
  {
    id: keyOf(101),
    address: '192.168.1.23:49737',
    direction: 'in',
    way: 'local',
    blocksDown: 812,
    blocksUp: 96,
    historyDown: [],
    historyUp: Array.from({ length: 60 }, (_, second) => 900_000 + ((second * 37) % 11) * 30_000),
    wireDown: 61_000_000,
    wireUp: 7_000_000,
    connectedAt: now - 3 * HOUR,
    bytesDown: 0,
    bytesUp: 812_000_000,
    rateDown: 0,
    rateUp: 3_400_000,
    holds: 480,
    ofBlocks: 480,
    roundTrip: 3,
  },
  {
    id: keyOf(102),
    address: '[2001:db8:85a3::8a2e:370:7334]:51820',
    direction: 'out',
    way: 'straight',
    blocksDown: 812,
    blocksUp: 96,
    historyDown: Array.from({ length: 60 }, (_, second) => (second % 9) * 210_000),
    historyUp: [],
    wireDown: 61_000_000,
    wireUp: 7_000_000,
    connectedAt: now - 40 * MINUTE,
    bytesDown: 91_000_000,
    bytesUp: 4_000,
    rateDown: 812_000,
    rateUp: 0,
    holds: 210,
    ofBlocks: 480,
    roundTrip: 84.2,
  },
  {
    id: keyOf(103),
    address: '203.0.113.9:40122',
    direction: 'out',
    way: 'punched',
    blocksDown: 812,
    blocksUp: 96,
    historyDown: [],
    historyUp: [],
    wireDown: 61_000_000,
    wireUp: 7_000_000,
    connectedAt: now - 9_000,
    bytesDown: 0,
    bytesUp: 0,
    rateDown: 0,
    rateUp: 0,
    holds: 0,
    ofBlocks: 0,
    roundTrip: null,
  },
]

const transfer = (given: Partial<TransferRow> & Pick<TransferRow, 'id' | 'title'>): TransferRow => ({
  kind: 'download',
  key: keyOf(numbers.mixes),
  state: { name: 'running' },
  files: 120,
  ofFiles: 214,
  bytes: 400_000_000,
  ofBytes: 1_234_567_890,
  rate: 3_400_000,
  secondsLeft: 245,
  current: '/2026/11 November.flac',
  folder: '/home/mia/Downloads',
  skipped: [],
  skippedCount: 0,
  startedAt: now - 2 * MINUTE,
  endedAt: null,
  ...given,
})

export const transfers: readonly TransferRow[] = [
  transfer({ id: 't1', title: 'Ana’s mixes' }),
  transfer({
    id: 't2',
    title: 'Field recordings 2026',
    kind: 'import',
    key: keyOf(numbers.importing),
    folder: '/home/mia/Recordings',
    ofFiles: null,
    ofBytes: null,
    secondsLeft: null,
    startedAt: now - 3 * MINUTE,
  }),
  transfer({
    id: 't3',
    title: 'Grandfather’s slides',
    kind: 'keep',
    key: keyOf(numbers.away),
    state: { name: 'waiting-for-peers' },
    rate: 0,
    current: null,
    folder: null,
    secondsLeft: null,
    startedAt: now - 4 * MINUTE,
  }),
  transfer({
    id: 't4',
    title: 'Club archive',
    kind: 'folder',
    key: keyOf(numbers.conflict),
    state: { name: 'paused' },
    rate: 0,
    current: null,
    folder: '/home/mia/Club',
    startedAt: now - 5 * MINUTE,
  }),
  transfer({
    id: 't5',
    title: 'Ana’s mixes',
    state: { name: 'done' },
    files: 214,
    bytes: 1_234_567_890,
    rate: 0,
    current: null,
    endedAt: now - HOUR,
    skippedCount: 240,
    skipped: [
      { path: `/${names.bidi}`, reason: 'name-not-allowed', detail: '' },
      { path: '/notes/a.txt', reason: 'exists', detail: '' },
      { path: '/latest', reason: 'link-outside', detail: '../../etc/passwd' },
    ],
  }),
  transfer({
    id: 't6',
    title: names.long,
    state: {
      name: 'failed',
      error: {
        code: 'FOLDER_NOT_WRITABLE',
        message: 'EACCES',
        data: { path: '/home/mia/locked', why: 'permission denied' },
      },
    },
    rate: 0,
    current: null,
    endedAt: now - 2 * HOUR,
  }),
  transfer({
    id: 't7',
    title: 'Recipes',
    state: { name: 'cancelled' },
    rate: 0,
    current: null,
    endedAt: now - 5 * HOUR,
  }),
]

export const network: NetworkStatus = {
  id: 'network',
  state: { name: 'online' },
  room: { state: 'on', near: 1, peers: 1 },
  reach: {
    verdict: 'open',
    title: 'Online, and reachable from outside',
    meaning: 'Nodes elsewhere got through to this machine without being asked. Friends can connect to it directly.',
    advice: null,
    evidence: ['214 nodes of the network are known here.', '7 connections stand now.'],
  },
  bootstrap: { nodes: [], chosen: 'public' },
  peers: 7,
  address: '198.51.100.4:49737',
  publicKey: keyOf(200),
  rateDown: 4_212_000,
  rateUp: 3_400_000,
  bytesDown: 91_000_000,
  bytesUp: 812_004_000,
  limits: { down: null, up: null, scheduled: false },
}

const passed = (down: number, up: number) => ({
  bytesDown: down,
  bytesUp: up,
  blocksDown: Math.ceil(down / 262_144),
  blocksUp: Math.ceil(up / 262_144),
})
export const traffic: readonly TrafficRow[] = [
  {
    id: 'all',
    today: passed(91_000_000, 1_812_004_000),
    ever: passed(48_200_000_000, 312_000_000_000),
    since: now - 90 * DAY,
    wire: { today: { down: 99_000_000, up: 1_864_000_000 }, ever: { down: 51_300_000_000, up: 319_400_000_000 } },
  },
  {
    id: keyOf(1),
    today: passed(0, 812_004_000),
    ever: passed(1_200_000, 41_000_000_000),
    since: now - 60 * DAY,
    wire: null,
  },
]

const nodeAt = (number: number) => `198.51.100.${(number * 37) % 250}:${40_000 + ((number * 7919) % 20_000)}`

export const table: DhtTable = {
  id: '9f'.repeat(32),
  address: '198.51.100.4:49737',
  localPort: 49_737,
  buckets: [20, 20, 20, 20, 18, 9, 4, 0, 1].flatMap((nodes, bits) =>
    nodes === 0 ? [] : [{ bits, nodes: Array.from({ length: nodes }, (_, index) => nodeAt(bits * 20 + index)) }],
  ),
  seconds: 60,
  queries: 14,
  requests: 312,
  lost: 9,
}

export const announces: readonly AnnounceRow[] = archives.slice(0, 4).map((row, index) => ({
  id: String(index).repeat(64),
  key: row.id,
  at: now - (index + 1) * 2 * MINUTE,
  renewedBy: now + (10 - 2 * index) * MINUTE,
  holders: 20 - index,
  confirmedAt: index === 3 ? null : now - 15_000,
  renewals: index === 1 ? 1 : 0,
}))

/** Some that were told of at once, then closer ones, of which each told of two more; some of them are silent. */
export const lookupNodes: readonly LookupNode[] = Array.from({ length: 46 }, (_, node) => {
  const hop = node < 12 ? 1 : node < 26 ? 2 : node < 38 ? 3 : 4
  const silent = node % 11 === 7
  return {
    node,
    address: nodeAt(node),
    distance: 256 - hop * 3.1 + ((node * 13) % 10) / 4,
    teller: hop === 1 ? null : hop === 2 ? node - 12 : hop === 3 ? node - 14 : node - 12,
    hop,
    askedAt: (hop - 1) * 180 + ((node * 17) % 60),
    endedAt: (hop - 1) * 180 + ((node * 17) % 60) + (silent ? 1000 : 60 + ((node * 31) % 90)),
    answer: silent ? 'silent' : 'answered',
    announcers: hop >= 3 && node % 3 === 0 ? 2 : 0,
  }
})

export const lookup: LookupResult = {
  topic: 'ab'.repeat(32),
  milliseconds: 1640,
  asked: lookupNodes.length,
  answered: lookupNodes.filter(({ answer }) => answer === 'answered').length,
  silent: lookupNodes.filter(({ answer }) => answer === 'silent').length,
  hops: 4,
  closest: lookupNodes.filter(({ hop }) => hop > 2).map(({ node }) => node),
  holders: lookupNodes.filter(({ announcers }) => announcers > 0).length,
  firstFoundAt: 470,
  found: [
    { publicKey: keyOf(200), self: true },
    { publicKey: keyOf(201), self: false },
  ],
  cut: false,
}

export const check: Check = {
  steps: [
    { name: 'network', state: 'passed', said: 'A stranger reached the network: 61 nodes answered', milliseconds: 820 },
    {
      name: 'announce',
      state: 'passed',
      said: 'Announced by this machine and 1 other; 19 nodes told so (44 of 46 nodes answered)',
      milliseconds: 1640,
    },
    {
      name: 'connect',
      state: 'unclear',
      said: 'This machine answered through the network, and no packet came back to it directly',
      milliseconds: 10_400,
    },
    { name: 'content', state: 'skipped', said: 'Nobody to fetch from', milliseconds: null },
  ],
  verdict: 'unclear',
  title: 'It cannot be told from here',
  meaning:
    'It is announced, and this machine answers through the network. A direct connection from this machine to itself failed, which many routers refuse; a friend elsewhere may succeed.',
  advice: 'Ask a friend to open it.',
}

export const about: AboutProgram = {
  version: '0.1.0',
  licence: 'MIT',
  platform: 'linux',
  release: '6.8.0',
  arch: 'x64',
  node: '22.20.0',
  electron: null,
  chromium: null,
  runtimes: [],
  modules: [{ name: 'hyperdrive', version: '13.3.4' }],
  storage: '/home/mia/.local/share/cairn',
  log: { path: '/home/mia/.local/share/cairn/cairn.log', bytes: 0, atMost: 2_000_000 },
}

export const settings: Settings = {
  id: 'settings',
  consented: true,
  theme: 'light',
  downloads: '/home/mia/Downloads',
  author: 'Mia',
  notify: false,
  namePrivate: false,
  cache: 10_000_000_000,
  limits: {
    down: 5_000_000,
    up: null,
    schedule: [{ days: [5, 6], from: 22 * 60, to: 6 * 60, down: null, up: 500_000 }],
    connections: 64,
  },
  paused: false,
  room: true,
  bootstrap: [],
  welcomed: true,
}

export const rulesReview: RulesReview = {
  files: 212,
  bytes: 1_100_000_000,
  links: 0,
  largest: [{ path: '/film/first half.mp4', size: 310_000_000 }],
  ignored: [
    { path: '/site/node_modules', rule: 'node_modules', origin: 'default' },
    { path: '/drafts/a.txt', rule: '/drafts', origin: 'chosen' },
  ],
  ignoredCount: 4,
  ignoredBy: [
    { rule: 'node_modules', origin: 'default', count: 3 },
    { rule: '/drafts', origin: 'chosen', count: 1 },
  ],
  suspicious: [],
  skipped: [],
  skippedCount: 0,
  leaving: { files: 2, bytes: 2000, paths: ['/drafts/a.txt', '/drafts/b.txt'] },
  coming: { files: 0, bytes: 0, paths: [] },
}

export const diskUse: DiskUse = {
  store: 5_310_000_000,
  free: 120_000_000_000,
  budget: 10_000_000_000,
  cached: 310_000_000,
  archives: archives
    .filter(({ held }) => held.bytes > 0)
    .map(({ id, held, keeping, ownership }) => ({
      key: id,
      content: held.bytes,
      cached: ownership === 'friends' && keeping.how === 'look' ? held.bytes : 0,
      list: 72_000,
    })),
}

export const folderUse: FolderUse = {
  entries: [
    { kind: 'folder', name: 'photos', path: '/photos', held: 280_000_000, size: 900_000_000 },
    { kind: 'file', name: 'track.gpx', path: '/track.gpx', held: 4_000_000, size: 4_000_000 },
  ],
  older: 26_000_000,
}

export const freeing: Freeing = {
  files: 212,
  bytes: 1_400_000_000,
  tooFew: { files: 3, bytes: 40_000_000 },
  shared: { files: 1, bytes: 2_000_000 },
  notHere: { files: 0, bytes: 0 },
}
