/** What is written down of other machines, and of what was freed. */
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { Freed } from '../../main/availability/freed.ts'
import { Memory, type Remembered } from '../../main/availability/memory.ts'
import { PeerNames } from '../../main/availability/names.ts'
import { temporaryFolder } from '../helpers/files.ts'

const claim = (...runs: readonly (readonly [number, number])[]) => ({
  fork: 1,
  length: 100_000,
  ranges: runs.map(([start, end]) => ({ start, end })),
})
let now = 1
const machine = (id: string, content = claim([0, 5])): Remembered => ({
  id,
  seenAt: now++,
  cairn: true,
  keeps: 'all',
  list: claim([0, 7]),
  content,
})

test('machines are remembered within bounds: those that were seen last, and the largest of what they held', async () => {
  const storage = await temporaryFolder()
  const memory = await Memory.open(storage)
  for (let number = 0; number < 70; number++) memory.note('a', machine(`m${number}`))
  memory.note('a', machine('m10'))
  const many = Array.from({ length: 3000 }, (_, at) => [at * 20, at * 20 + (at % 7) + 1] as const)
  memory.note('b', machine('scattered', claim(...many)))
  memory.note('c', machine('gone'))
  memory.forget('c')
  await memory.save()
  const again = await Memory.open(storage)
  expect(again.of('a')).toHaveLength(64)
  expect(again.of('a').map(({ id }) => id)).toContain('m10')
  expect(again.of('a')[0]).toEqual(memory.of('a')[0])
  expect(again.of('c')).toEqual([])
  const [{ content } = machine('')] = again.of('b')
  expect(content.ranges).toHaveLength(1000)
  expect(Math.min(...content.ranges.map(({ start, end }) => end - start))).toBeGreaterThanOrEqual(5)
})

test('files that are not what Cairn writes are no reason not to start', async () => {
  const storage = await temporaryFolder()
  for (const text of ['', '{', '[]', '{"version":1,"archives":{"a":[{"id":7},null]},"names":[3]}', '{"version":2}']) {
    for (const name of ['peers.json', 'freed.json', 'names.json']) await writeFile(join(storage, name), text)
    expect((await Memory.open(storage)).of('a')).toEqual([])
    expect((await Freed.open(storage)).of('a', 0)).toEqual([])
    expect((await PeerNames.open(storage)).rows.values()).toEqual([])
  }
  // What a person gave is set aside, and not written over.
  const names = await readdir(storage)
  for (const name of ['freed.json', 'names.json'])
    expect(names.some(one => one.startsWith(`${name}.unreadable`))).toBe(true)
})

test('what was freed is on the disk before it is said to be, and holds for one fork', async () => {
  const storage = await temporaryFolder()
  const freed = await Freed.open(storage)
  await freed.add('a', 2, [{ start: 5, end: 9 }])
  const going = await freed.add('a', 2, [{ start: 9, end: 12 }])
  expect(going).toEqual([{ start: 5, end: 12 }])
  const killed = await Freed.open(storage)
  expect([killed.of('a', 2), killed.of('a', 3), killed.of('b', 2)]).toEqual([going, [], []])
  await freed.remove('a')
  expect(await readFile(join(storage, 'freed.json'), 'utf8')).not.toContain('"a"')
})
