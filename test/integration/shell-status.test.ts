/** What the tray and the lists of the system show, followed through a real backend as the desktop shell does it. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { followStatus, NOTHING_YET, type ShellStatus } from '../../main/electron/status.ts'
import { begin, isDone, isFound, startPerson } from '../helpers/backend.ts'
import { temporaryFolder } from '../helpers/files.ts'
import { startTestnet } from '../helpers/testnet.ts'

test('sharing, a pause, news and recent archives are seen as they come, and private ones are not named', async () => {
  const { bootstrap, close } = await startTestnet()
  onTestFinished(close)
  const ana = await startPerson(bootstrap, { consented: false })
  const ben = await startPerson(bootstrap)
  const stop = new AbortController()
  onTestFinished(() => stop.abort())
  const said: ShellStatus[] = []
  const last = () => said.at(-1) ?? NOTHING_YET
  const ended = followStatus(ana.client, stop.signal, status => said.push(status))

  await expect.poll(() => last().mood).toBe('waiting')
  expect(last()).toEqual({ ...NOTHING_YET, mood: 'waiting' })
  await ana.client.settings.update({ consented: true })
  await expect.poll(() => last().mood).toBe('sharing')

  const folder = await temporaryFolder('cairn-source')
  for (const name of ['Open', 'Hidden']) {
    await mkdir(join(folder, name))
    await writeFile(join(folder, name, 'a.txt'), name)
  }
  const open = await begin(ana, [join(folder, 'Open')], { title: 'Open \u202E door' })
  const hidden = await begin(ana, [join(folder, 'Hidden')], { private: true })
  for (const { transfer } of [open, hidden]) await ana.transfer(transfer, isDone)
  await expect.poll(() => last().archives).toBe(2)
  expect(last().recent).toEqual([{ key: open.key, title: 'Open door' }])

  // A friend's archive that changes is news, until somebody has looked, or wants to hear nothing of it.
  const source = await temporaryFolder('cairn-source')
  await writeFile(join(source, 'one.txt'), 'one')
  const theirs = await begin(ben, [source], { title: 'Theirs' })
  await ben.transfer(theirs.transfer, isDone)
  await ana.client.archives.open({ link: theirs.link })
  const row = await ana.archive(theirs.key, isFound)
  await expect.poll(() => last().recent[0]?.key).toBe(theirs.key)
  await ana.client.archives.markSeen({ key: theirs.key, length: row.length })
  await writeFile(join(source, 'two.txt'), 'two')
  await expect.poll(() => last().news).toBe(1)
  await ana.client.archives.setNotify({ key: theirs.key, notify: false })
  await expect.poll(() => last().news).toBe(0)

  await ana.client.settings.update({ paused: true })
  await expect.poll(() => last().mood).toBe('paused')
  await ana.client.settings.update({ paused: false })
  await expect.poll(() => last().mood).toBe('sharing')
  // To be told that it has slept costs nothing, and nothing of it is seen.
  await ana.client.machine.woke()
  expect(new Set(said.map(status => JSON.stringify(status))).size).toBeGreaterThan(4)
  for (const [at, status] of said.entries()) if (at > 0) expect(status).not.toEqual(said[at - 1])

  await ana.close()
  await ended
})
