/** `cairn network`, `check` and `lookup`: how this machine stands in the network, and whether a link can be opened. */
import type { AnnounceRow, Check, DhtTable, LookupNode, NetworkStatus } from '../../preload/contract/models.ts'
import type { Command } from './arguments.ts'
import { agree, type Context, readLink } from './context.ts'
import { EXIT } from './failure.ts'
import { Mirror } from './mirror.ts'
import { count, time } from './words.ts'

/** How long the network may take until something is known of it, in milliseconds. */
const STARTING = 15_000
/** And announcements that were just begun. */
const SETTLING = 1500

export async function network(context: Context, command: Command & { name: 'network' }): Promise<number> {
  const { client, output, signal } = context
  const { table, beginWith } = command
  if (beginWith !== null) return beginWithOthers(context, beginWith)
  await agree(context)
  const status = await settled(new Mirror(client.network.watch(undefined, { signal })), context)
  const { reach, address, publicKey, peers, bootstrap } = status
  const announces = await announced(context)
  const nodes = status.state.name === 'off' || !table ? null : await firstTable(context)
  const lines = [
    reach.title,
    reach.meaning,
    ...(reach.advice === null ? [] : [reach.advice]),
    ...(reach.evidence.length === 0
      ? []
      : ['', 'What this is known from:', ...reach.evidence.map(line => `  - ${line}`)]),
    '',
    `begins    with ${bootstrap.chosen === 'public' ? 'the public nodes' : bootstrap.nodes.join(', ')}`,
    `address   ${address ?? 'not known'}`,
    `key       ${publicKey}`,
    `peers     ${count(peers, 'connection')}`,
    ...announces.map(announceLine),
    ...(nodes === null ? [] : tableLines(nodes)),
  ]
  output.result(lines.join('\n'), { status, announces, ...(nodes === null ? {} : { table: nodes }) })
  return EXIT.done
}

/** Nobody is asked for it: those who have nodes of their own want nothing of the others. */
async function beginWithOthers({ client, output, signal }: Context, nodes: readonly string[]): Promise<number> {
  await client.settings.update({ bootstrap: nodes }, { signal })
  output.result(
    nodes.length === 0
      ? 'Cairn begins with the public nodes again.'
      : `Cairn begins with ${nodes.join(', ')} from now on.`,
    { bootstrap: nodes },
  )
  const status = (await new Mirror(client.network.watch(undefined, { signal })).all()).get('network')
  if (status?.bootstrap.chosen === 'start' && status.state.name !== 'off')
    output.note(
      'This Cairn was started with nodes of its own (--bootstrap, CAIRN_BOOTSTRAP), which win until it is started without.',
    )
  return EXIT.done
}

/** What is said while the first nodes are being asked says nothing. */
async function settled(statuses: Mirror<NetworkStatus>, { output }: Context): Promise<NetworkStatus> {
  const deadline = performance.now() + STARTING
  while (true) {
    const status = (await statuses.all()).get('network')
    const left = deadline - performance.now()
    const isSettled = status !== undefined && !['starting', 'waiting-for-consent'].includes(status.reach.verdict)
    if (status !== undefined && (isSettled || left <= 0)) return status
    if (status !== undefined) output.progress(status.reach.title, null)
    await statuses.change(Math.max(0, left))
  }
}

async function announced({ client, attached, signal }: Context): Promise<readonly AnnounceRow[]> {
  const rows = new Mirror(client.network.watchAnnounces(undefined, { signal }))
  const deadline = performance.now() + (attached ? 0 : SETTLING)
  await rows.all()
  while (performance.now() < deadline) await rows.change(Math.max(0, deadline - performance.now()))
  return [...rows.rows.values()]
}

async function firstTable({ client, signal }: Context): Promise<DhtTable | null> {
  for await (const table of client.network.watchTable(undefined, { signal })) return table
  return null
}

const announceLine = ({ key, id, at, renewedBy, holders, renewals }: AnnounceRow): string =>
  `announced ${key === null ? id : `hyper://${key}`}: kept by ${count(holders, 'node')}, told at ${time(at)}, again by ${time(renewedBy)}${
    renewals === 0 ? '' : `, ${count(renewals, 'time')} early because nodes had lost it`
  }`

const tableLines = ({ id, buckets, seconds, queries, requests, lost }: DhtTable): readonly string[] => [
  `node      ${id ?? 'asks, and is not asked: it has no id that others know'}`,
  `traffic   ${count(queries, 'question')}, ${count(requests, 'request')}, ${lost} unanswered in the last ${seconds} s`,
  ...buckets.flatMap(({ bits, nodes }) => [
    `${String(bits).padStart(3)} leading bits alike: ${count(nodes.length, 'node')}`,
    ...nodes.map(node => `      ${node}`),
  ]),
]

const MARK = { waiting: ' ', running: '…', passed: '✓', failed: '✗', unclear: '?', skipped: '-' } as const

export async function check(context: Context, command: Command & { name: 'check' }): Promise<number> {
  const { client, output, signal } = context
  const link = await readLink(context, command.link)
  await agree(context)
  const told = ({ steps, title }: Check) => {
    const now = steps.find(({ state }) => state === 'running')
    output.progress(`${title} ${now?.said ?? ''}`, { steps })
  }
  const result = await client.network.check({ link }, { signal, onProgress: told })
  const { steps, title, meaning, advice, verdict } = result
  const lines = steps.map(
    ({ state, said, milliseconds }) =>
      `${MARK[state]} ${said}${milliseconds === null ? '' : ` (${(milliseconds / 1000).toFixed(1)} s)`}`,
  )
  output.result([...lines, '', title, meaning, ...(advice === null ? [] : [advice])].join('\n'), result)
  return verdict === 'reachable' || verdict === 'works-from-here' || verdict === 'others-only'
    ? EXIT.done
    : EXIT.unreachable
}

export async function lookup(context: Context, { link: given, fresh }: Command & { name: 'lookup' }): Promise<number> {
  const { client, output, signal } = context
  const link = await readLink(context, given)
  await agree(context)
  await settled(new Mirror(client.network.watch(undefined, { signal })), context)
  const ended = new Set<number>()
  const result = await client.network.lookup(
    { link, fresh },
    {
      signal,
      onProgress: nodes => {
        for (const node of nodes) {
          if (node.endedAt === null || ended.has(node.node)) continue
          ended.add(node.node)
          output.result(nodeLine(node), { node })
        }
      },
    },
  )
  const { asked, silent, hops, milliseconds, found, holders } = result
  output.result(
    [
      '',
      `${count(asked, 'node')} asked in ${(milliseconds / 1000).toFixed(1)} s, ${silent} silent, ${count(hops, 'hop')} to the closest`,
      found.length === 0
        ? silent === asked
          ? 'No node answered, so that nothing is known of who announces it.'
          : 'Nobody announces it.'
        : `${count(holders, 'node')} know who announces it:`,
      ...found.map(({ publicKey, self }) => `  ${publicKey}${self ? ' (this machine)' : ''}`),
    ].join('\n'),
    result,
  )
  return found.length === 0 ? EXIT.unreachable : EXIT.done
}

const nodeLine = ({ address, hop, distance, askedAt, endedAt, answer, announcers }: LookupNode): string =>
  `hop ${String(hop).padStart(2)}  2^${distance.toFixed(1).padStart(5)}  ${address.padEnd(21)}  ${
    answer === 'silent' ? 'silent' : `${(endedAt ?? askedAt) - askedAt} ms`
  }${announcers === 0 ? '' : `, knows ${count(announcers, 'announcer')}`}`
