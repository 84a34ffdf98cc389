/** What was given up is what the disk says: where it could not be written down, nothing was. */
import { mkdir, rm } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { Freed } from '../../main/availability/freed.ts'
import { temporaryFolder } from '../helpers/files.ts'

test('what could not be written down was not given up', async () => {
  const storage = await temporaryFolder('cairn-freed')
  const freed = await Freed.open(storage)
  const first = [{ start: 0, end: 4 }]
  expect(await freed.add('one', 0, first)).toEqual(first)
  await rm(storage, { recursive: true })
  await expect(freed.add('one', 0, [{ start: 8, end: 9 }])).rejects.toThrow('ENOENT')
  await expect(freed.add('other', 0, first)).rejects.toThrow('ENOENT')
  expect([freed.of('one', 0), freed.of('other', 0)]).toEqual([first, []])
  await mkdir(storage)
  await freed.add('one', 0, [{ start: 4, end: 5 }])
  const again = await Freed.open(storage)
  expect([again.of('one', 0), again.of('one', 1), again.of('other', 0)]).toEqual([[{ start: 0, end: 5 }], [], []])
})
