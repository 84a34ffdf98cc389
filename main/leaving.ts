/**
 * What others would miss if Cairn ended now, said once before it does: by the desktop as a question, in a terminal as a
 * sentence after which Ctrl-C has to be pressed again. Where nobody is there to answer it is said, and nothing waits.
 */
import type { Contract } from '../preload/contract/index.ts'
import type { Needed } from '../preload/contract/models.ts'
import { type Client, connect } from '../preload/wire/connect.ts'
import type { ClientFrame, ServerFrame } from '../preload/wire/frames.ts'
import { memoryPair } from '../preload/wire/transports.ts'
import type { Backend } from './backend-options.ts'
import { count, printable, size } from './cli/words.ts'
import { shortKey } from './lib/short-key.ts'

export type Missed = Needed & { readonly title: string }

/** Whoever leaves waits for it no longer, in milliseconds. */
const PATIENCE = 700
/** Archives that are named. */
const NAMED = 3

/** Empty also where it cannot be told in time. */
export async function missedBy(
  client: Pick<Client<Contract>, 'availability' | 'archives'>,
): Promise<readonly Missed[]> {
  const signal = AbortSignal.timeout(PATIENCE)
  try {
    const { archives } = await client.availability.needed(undefined, { signal })
    if (archives.length === 0) return []
    const titles = new Map<string, string>()
    for await (const changes of client.archives.watch(undefined, { signal })) {
      for (const change of changes) if (change.op === 'put') titles.set(change.item.id, change.item.title)
      break
    }
    return archives.map(one => ({ ...one, title: titles.get(one.key) || shortKey(one.key) }))
  } catch {
    return []
  }
}

/** In words; null: nobody would miss anything. */
export function sayMissed(missed: readonly Missed[]): { readonly title: string; readonly text: string } | null {
  if (missed.length === 0) return null
  const named = missed
    .slice(0, NAMED)
    .map(({ title, files, bytes }) => `${count(files, 'file')} (${size(bytes)}) of ${printable(title)}`)
  const rest = missed.length - named.length
  if (rest > 0) named.push(`files of ${count(rest, 'other archive')}`)
  return {
    title: 'Somebody still needs what only you hold',
    text: `${named.join(', ')}: whoever fetches it waits until Cairn runs here again.`,
  }
}

/**
 * Asked once, when the person wants a Cairn in a terminal to end: says what would be missed. True: it goes on until they say
 * so again, as `canStay` allows.
 */
export async function staysFor(
  client: Pick<Client<Contract>, 'availability' | 'archives'>,
  canStay: boolean,
  say: (words: string) => void,
): Promise<boolean> {
  const words = sayMissed(await missedBy(client))
  if (words === null) return false
  say(`${words.title}: ${words.text}${canStay ? ' Cairn goes on; press Ctrl-C again to stop all the same.' : ''}`)
  return canStay
}

/** For a process that has a backend, and asks it as any client does. */
export function clientOf(backend: Pick<Backend, 'accept'>): Client<Contract> {
  const [theirs, ours] = memoryPair<ServerFrame, ClientFrame>()
  backend.accept(theirs)
  return connect<Contract>(ours)
}
