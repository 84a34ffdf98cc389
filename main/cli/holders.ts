/** `cairn holders` and `cairn free`: who else has what of an archive, and copies that enough others hold. */
import type { Availability, Freeing, Holder } from '../../preload/contract/models.ts'
import { shortKey } from '../lib/short-key.ts'
import type { Command } from './arguments.ts'
import { type Context, openArchive } from './context.ts'
import { CliError, EXIT } from './failure.ts'
import { Mirror } from './mirror.ts'
import { count, printable, size, time, verdict } from './words.ts'

/**
 * How long others may take to be there and to say what they hold, where Cairn runs already and where it was started for this;
 * and how long it is waited for more of them there, in milliseconds. What they hold may change as long as they like meanwhile.
 */
const SAYING = 900
const COMING = 8000
const MORE = 1500

export async function holders(context: Context, command: Command & { name: 'holders' }): Promise<number> {
  const { client, output, signal } = context
  // Who runs already knows whatever those who are there have told.
  const news = !context.attached
  const { key, path, version } = await openArchive(context, command.link, command.timeout, null, { news })
  const row = await settled(context, key)
  const names = await new Mirror(client.names.watch(undefined, { signal })).all()
  if (path !== '/') {
    const { held } = await client.availability.files({ key, version, paths: [path] }, { signal })
    for (const one of held)
      if (one === null) output.result(`Nothing of version ${version ?? row.version ?? 0} is at ${printable(path)}.`, {})
      else
        output.result(
          one.files === 1
            ? `${printable(path)}: ${others(one.others)}, ${one.here ? 'here' : 'not here'}`
            : `${printable(path)}: ${count(one.files, 'file')}, each held by at least ${others(one.others)}${one.alone === 0 ? '' : `; ${one.alone.toLocaleString('en')} by nobody else`}`,
          { held: one },
        )
    return EXIT.done
  }
  const { peers, bar, ...rest } = row
  output.result([sentence(row), asOf(row)].join('\n'), { availability: { ...rest, bar } })
  for (const peer of peers) output.result(peerLine(peer, row, names.get(peer.id)?.name ?? null), { holder: peer })
  if (row.freed.blocks > 0 && !output.json)
    output.result(`Freed here: ${size(row.freed.bytes)}. cairn free LINK --undo gets it back.`, null)
  if (command.rarest === null) return EXIT.done
  const { files } = await client.availability.rarest({ key, limit: command.rarest }, { signal })
  for (const file of files)
    output.result(
      `${others(file.others).padEnd(12)} ${file.here ? 'here    ' : 'not here'} ${size(file.size).padStart(9)}  ${printable(file.path)}`,
      { file },
    )
  return EXIT.done
}

/** What another machine is called. */
export async function call(context: Context, { machine, called }: Command & { name: 'call' }): Promise<number> {
  const { client, output, signal } = context
  const id = await machineOf(context, machine)
  if (called !== undefined) await client.names.set({ id, name: called }, { signal })
  const name = called ?? (called === null ? null : ((await namesOf(context)).get(id)?.name ?? null))
  output.result(name === null ? `${id} has no name.` : `${id} is called ${printable(name)}.`, { machine: { id, name } })
  return EXIT.done
}

const namesOf = ({ client, signal }: Context) => new Mirror(client.names.watch(undefined, { signal })).all()

/** The one that is known whose key begins so. Throws UNKNOWN_MACHINE. */
async function machineOf(context: Context, beginning: string): Promise<string> {
  if (beginning.length === KEY_LENGTH) return beginning
  const { client, attached, signal } = context
  const known = new Set((await namesOf(context)).keys())
  const summaries = new Mirror(client.availability.watchAll(undefined, { signal }))
  await summaries.all()
  // One of our own has to count first.
  const deadline = performance.now() + (attached ? 0 : COMING)
  const looked = new Set<string>()
  const found = () => [...known].filter(id => id.startsWith(beginning))
  while (true) {
    for (const { id, connected, away } of [...summaries.rows.values()]) {
      if (connected + away === 0 || looked.has(id)) continue
      looked.add(id)
      const rows = new Mirror(client.availability.watch({ key: id }, { signal }))
      await rows.all()
      while (rows.rows.get(id) === undefined) await rows.change()
      for (const peer of rows.rows.get(id)?.peers ?? []) known.add(peer.id)
    }
    const left = deadline - performance.now()
    if (found().length > 0 || left <= 0) break
    await summaries.change(left)
  }
  const [only, ...more] = found()
  if (only !== undefined && more.length === 0) return only
  throw new CliError(
    'UNKNOWN_MACHINE',
    only === undefined
      ? `No machine that is known has a key that begins with ${beginning}. Write all of it.`
      : `${more.length + 1} machines have keys that begin with ${beginning}. Write more of it.`,
  )
}

const KEY_LENGTH = 52

export async function free(context: Context, command: Command & { name: 'free' }): Promise<number> {
  const { client, output, signal } = context
  const { key, path } = await openArchive(context, command.link, command.timeout)
  if (command.undo) {
    await client.availability.recall({ key }, { signal })
    output.result('What was freed is kept again. It is fetched whenever Cairn runs.', { recalled: key })
    return EXIT.done
  }
  await settled(context, key)
  const some = [...(path === '/' ? [] : [path]), ...command.paths.map(one => (one.startsWith('/') ? one : `/${one}`))]
  const input = { key, paths: some.length === 0 ? null : some, others: command.others }
  const done = command.dryRun
    ? await client.availability.planFreeing(input, { signal })
    : await client.availability.free(input, { signal })
  output.result(freed(done, command), { [command.dryRun ? 'plan' : 'freed']: { key, ...done } })
  return EXIT.done
}

function freed({ files, bytes, tooFew, shared }: Freeing, command: Command & { name: 'free' }): string {
  const least = `at least ${count(command.others, 'other')}`
  const words = [
    files === 0 && bytes === 0
      ? `Nothing can be freed: ${least} would have to hold it.`
      : `${command.dryRun ? 'Would free' : 'Freed'} ${count(files, 'file')}, ${size(bytes)}. What opens them later fetches them again.`,
  ]
  if (tooFew.files > 0)
    words.push(`${count(tooFew.files, 'file')} (${size(tooFew.bytes)}) stay: not held and kept by ${least}.`)
  if (shared.files > 0)
    words.push(`${count(shared.files, 'file')} (${size(shared.bytes)}) stay: other names have the same content.`)
  return words.join('\n')
}

/** As it is when those who are there have said what they hold, or as it is known by then. */
async function settled({ client, output, signal, attached }: Context, key: string): Promise<Availability> {
  const mirror = new Mirror(client.availability.watch({ key }, { signal }))
  const until = performance.now() + (attached ? SAYING : COMING)
  let before = ''
  let since = performance.now()
  while (true) {
    const row = mirror.rows.get(key)
    const now = performance.now()
    const who = JSON.stringify(
      row?.peers
        .filter(({ connected }) => connected)
        .map(({ id }) => id)
        .sort(),
    )
    if (who !== before) since = now
    before = who
    const isSettled = row !== undefined && row.version !== null && row.connected > 0 && row.unheard === 0
    if (row !== undefined && ((isSettled && (attached || now - since >= MORE)) || now >= until)) return row
    output.progress('asking those who are there …', null)
    await mirror.change(Math.max(10, Math.min(MORE, until - now)))
  }
}

const others = (number: number) => (number === 0 ? 'nobody else' : count(number, 'other'))

function sentence(row: Availability): string {
  const words = [verdict(row.now)]
  if (row.now.name !== 'safe' && row.away > 0 && row.lastContact !== null)
    // Nobody is safe with those who are away.
    words.push(
      `With those who are away, last seen ${time(row.lastContact)}: ${verdict(row.remembered).replace(/^Safe: /, '')}`,
    )
  return words.join('\n')
}

/** What it is as of, and who is not in it. */
function asOf({ asOf, unheard, version }: Availability): string {
  const words = [`As of ${time(asOf)}:${String(new Date(asOf).getSeconds()).padStart(2, '0')}.`]
  if (unheard > 0) words.push(`${count(unheard, 'other has', 'others have')} not said yet what they hold.`)
  if (version === null) words.push('Its files are not counted yet.')
  return words.join(' ')
}

function peerLine(peer: Holder, { blocks, version }: Availability, name: string | null): string {
  const share = blocks === 0 ? 0 : Math.floor((peer.blocks / blocks) * 100)
  const held = peer.all
    ? 'all of it'
    : version === null
      ? 'not counted yet'
      : `${share}%, ${count(peer.files, 'file')}, ${size(peer.bytes)}`
  const seen = peer.seenAt === null ? 'connected' : `last seen ${time(peer.seenAt)}`
  const who = name === null ? shortKey(peer.id) : printable(name)
  return `  ${who.padEnd(14)} ${held}; ${seen}${peer.cairn ? '' : ', another program'}`
}
