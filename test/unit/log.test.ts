import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createLog, earlierLogPath, LARGEST_LOG, logPath } from '../../main/lib/log.ts'
import { temporaryFolder } from '../helpers/files.ts'

test('a log that is written to for ever takes twice its largest size, and keeps what came last', async () => {
  const storage = await temporaryFolder('cairn-log')
  const log = createLog(storage, 'file')
  expect(await readdir(storage)).toEqual([])
  const padding = 'x'.repeat(2000)
  const LINES = 2500
  for (let at = 0; at < LINES; at++) {
    log.warn({ at, padding }, 'again')
    // Somebody who starts anew goes on where it was left.
    if (at === 700) createLog(storage, 'file').warn({ at: -1 }, 'another start')
  }
  const lines = await Promise.all(
    [earlierLogPath(storage), logPath(storage)].map(async path => {
      expect((await stat(path)).size).toBeLessThanOrEqual(LARGEST_LOG)
      return (await readFile(path, 'utf8')).trimEnd().split('\n')
    }),
  )
  const numbers = lines.flat().map(line => (JSON.parse(line) as { at: number }).at)
  expect(numbers).toEqual(Array.from({ length: numbers.length }, (_, at) => LINES - numbers.length + at))
  expect(numbers.length).toBeGreaterThan(LARGEST_LOG / 2200)
  expect(await readdir(storage)).toEqual(['cairn.log', 'cairn.log.1'])
})

test('what cannot be written ends nothing', async () => {
  const storage = await temporaryFolder('cairn-log')
  createLog(join(storage, 'no\0where'), 'file').error({ err: new Error('full') }, 'the registry was not saved')
  expect(await readdir(storage)).toEqual([])
})
