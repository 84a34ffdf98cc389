/** What is said before Cairn ends. */
import { expect, test } from 'vitest'
import { staysFor } from '../../main/leaving.ts'

const needed = { key: 'y'.repeat(52), peers: 2, files: 3, bytes: 1_200_000 }
type Asked = Parameters<typeof staysFor>[0]
const client = (archives: readonly (typeof needed)[] | 'never') =>
  ({
    availability: {
      needed: (_: undefined, { signal }: { signal: AbortSignal }) =>
        archives === 'never'
          ? new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('too late'))))
          : Promise.resolve({ archives }),
    },
    archives: {
      async *watch() {
        yield [{ op: 'reset' }, { op: 'put', item: { id: needed.key, title: 'Holiday' } }]
      },
    },
  }) as unknown as Asked

test('a person at a terminal is told once, and Cairn goes on until they say it again', async () => {
  const said: string[] = []
  expect(await staysFor(client([needed]), true, words => said.push(words))).toBe(true)
  expect(said[0]).toMatch(/^Somebody still needs what only you hold: 3 files \(1\.2 MB\) of Holiday: .*Ctrl-C again/)
})

test('where nobody can answer it is said and nothing waits; where nothing would be missed nothing is said', async () => {
  const said: string[] = []
  expect(await staysFor(client([needed]), false, words => said.push(words))).toBe(false)
  expect(said).toHaveLength(1)
  expect(said[0]).not.toContain('Ctrl-C')
  expect(await staysFor(client([]), true, words => said.push(words))).toBe(false)
  // A backend that does not answer holds nobody up.
  expect(await staysFor(client('never'), true, words => said.push(words))).toBe(false)
  expect(said).toHaveLength(1)
})
