/** Folders that are published and followed while they are edited at random: after each round the archive is the folder. */
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect } from 'vitest'
import type { ArchiveRow } from '../../preload/contract/models.ts'
import { type Person, publish } from './backend.ts'
import { contentsOf, readTree, temporaryFolder, writeTree } from './files.ts'
import { type Follower, follow } from './plain.ts'
import { apply, rounds } from './random-edits.ts'

export type Published = {
  readonly person: Person
  readonly source: string
  readonly key: string
  readonly follower: Follower
}

/** A folder that is published, and somebody else who has the newest version of it. */
export async function publishFollowed(
  bootstrap: readonly string[],
  person: Person,
  write: (source: string) => Promise<void>,
): Promise<Published> {
  const source = await temporaryFolder('source')
  await write(source)
  const { key } = await publish(person, [source])
  const { length } = await person.archive(key, row => row.source?.state.name === 'watching')
  const follower = await follow(bootstrap, key)
  await follower.knows(length)
  return { person, source, key, follower }
}

/**
 * `paused`: nothing is published while the folder is edited, and then all of it is looked at anew. `watched`: it is
 * edited as people do it.
 */
export type Manner = 'paused' | 'watched'

/**
 * Edits, and expects that the archive becomes the folder, that everybody saw the folder as it was or as it is and
 * nothing between, and that only what is new has cost bytes. Returns the archive's row after it.
 */
export async function expectFollowed(
  published: Published,
  manner: Manner,
  edit: () => Promise<void>,
): Promise<ArchiveRow> {
  const { person, source, key, follower } = published
  const before = await readTree(source)
  const contents = await contentsOf(source)
  const { held } = await person.archive(key, () => true)
  const heard = follower.heard.length
  if (manner === 'paused') await whilePaused(published, edit)
  else await edit()
  const after = await readTree(source)
  const row = await becomes(published, after)
  for (const version of follower.heard.slice(heard, -1))
    expect([before, after]).toContainEqual(await follower.tree(version))

  const known = new Set(contents.map(({ digest }) => digest))
  const fresh = (await contentsOf(source)).reduce((sum, { digest, size }) => sum + (known.has(digest) ? 0 : size), 0)
  expect(row.held.ofBytes - held.ofBytes).toBeLessThanOrEqual(fresh)
  return row
}

/** Looks at the whole folder once more, and expects that nothing is written. */
export async function expectNothingToDo(published: Published, row: ArchiveRow): Promise<void> {
  await whilePaused(published, async () => {})
  const again = await published.person.archive(published.key, ({ source }) => source?.state.name === 'watching')
  expect(again.length).toBe(row.length)
  expect(again.held.ofBytes).toBe(row.held.ofBytes)
}

async function whilePaused({ person, key }: Published, edit: () => Promise<void>): Promise<void> {
  await person.client.publish.pause({ key, paused: true })
  // The row follows a little later.
  await person.archive(key, row => row.source?.state.name === 'paused')
  await edit()
  await person.client.publish.pause({ key, paused: false })
  await person.archive(key, row => ['watching', 'asks-removal'].includes(row.source?.state.name ?? ''))
}

/** Waits until the newest version is as wanted, and says yes to whatever is asked meanwhile. */
async function becomes({ person, key, follower }: Published, wanted: Record<string, string>): Promise<ArchiveRow> {
  const end = AbortSignal.timeout(60_000)
  while (true) {
    const row = await person.archive(key, ({ source }) => source?.state.name !== 'importing')
    if (row.source?.state.name === 'asks-removal') {
      await person.client.publish.answerRemoval({ key, remove: true })
      await person.archive(key, row => row.source?.state.name !== 'asks-removal')
      continue
    }
    await follower.knows(row.length)
    const tree = await follower.tree(row.length)
    const isEqual = JSON.stringify(sorted(tree)) === JSON.stringify(sorted(wanted))
    if (isEqual && row.source?.state.name === 'watching') return row
    if (end.aborted) expect(tree).toEqual(wanted)
    await person
      .archive(key, ({ length, source }) => length !== row.length || source?.state.name !== 'watching', 3000)
      .catch(() => {})
  }
}

const sorted = (tree: Record<string, string>) => Object.entries(tree).sort(([one], [other]) => (one < other ? -1 : 1))

/** As many archives of one author are looked after at the same time: most of the time is spent waiting. */
const LANES = { paused: 12, watched: 6 } as const

/** Property: whatever is done to a folder, the archive is the folder. `runs`: how many trees of each manner. */
export async function expectAnyEditsFollowed(
  bootstrap: readonly string[],
  person: Person,
  runs: { readonly [M in Manner]: number },
): Promise<void> {
  const lane = async (manner: Manner, numRuns: number) => {
    const published = await publishFollowed(bootstrap, person, source => writeTree(source, { first: 'first' }))
    const { source } = published
    await fc.assert(
      fc.asyncProperty(rounds, async given => {
        await expectFollowed(published, manner, async () => {
          for (const name of await readdir(source)) await rm(join(source, name), { recursive: true })
          for (const edit of given.tree) await apply(source, edit)
        })
        for (const edits of given.rounds) {
          const row = await expectFollowed(published, manner, async () => {
            for (const edit of edits) await apply(source, edit)
          })
          await expectNothingToDo(published, row)
        }
      }),
      // Each run goes on with the archive of the one before: what was smaller would be another one.
      { numRuns, endOnFailure: true },
    )
  }
  await Promise.all(
    (['paused', 'watched'] as const).flatMap(manner =>
      Array.from({ length: LANES[manner] }, () => lane(manner, Math.ceil(runs[manner] / LANES[manner]))),
    ),
  )
}
