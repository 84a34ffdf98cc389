/** What an archive had and has no more, as a client asks for it. */
import type { GoneEntry } from '../../preload/contract/models.ts'
import type { Person } from './backend.ts'

type Looking = {
  readonly folder: string
  readonly name?: string
  readonly until?: number | null
  readonly limit?: number
}

/** All that is found by one call, each with the last version that had it. */
export async function lookForGone(person: Person, key: string, { folder, name, until = null, limit = 100 }: Looking) {
  const found: GoneEntry[] = []
  const at: number[] = []
  const { before } = await person.client.history.gone(
    { key, version: null, folder, name: name ?? null, until, limit },
    {
      onProgress: progress => {
        found.push(...progress.entries)
        at.push(progress.at)
      },
    },
  )
  return { found, at, before }
}
