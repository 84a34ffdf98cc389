/** Looking back: the line of time over an archive of another program, and what is gone found, opened and brought back. */
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import Hyperdrive from 'hyperdrive'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { encodeKey } from '../../main/archives/links.ts'
import { publish } from '../helpers/backend.ts'
import { axe, go, paste, type Stage, startStage } from '../helpers/browser.ts'
import { writeTree } from '../helpers/files.ts'
import { plainPeer } from '../helpers/plain.ts'

let stage: Stage
beforeAll(async () => {
  stage = await startStage()
})
afterAll(() => stage?.close())

const row = (page: Page, name: string) => page.getByRole('row').filter({ has: page.getByText(name, { exact: true }) })

test('any version of a far archive is listed where one stops, and only what is looked at is fetched', async () => {
  const { store, swarm } = await plainPeer(stage.bootstrap)
  const drive = new Hyperdrive(store)
  await drive.ready()
  for (let round = 1; round <= 150; round++) {
    await drive.put(`/many/${round}.bin`, Buffer.alloc(20_000, round))
    await drive.put('/plan.txt', Buffer.from(`The plan of round ${round}`))
  }
  swarm.join(drive.discoveryKey, { server: true, client: false })
  await swarm.flush()
  const bob = await stage.person()
  const { page, complaints } = await bob.open()
  const key = encodeKey(drive.key)
  await paste(page, `hyper://${key}`)
  await row(page, 'plan.txt').click()
  await page.getByText('The plan of round 150').waitFor()

  const line = page.getByRole('slider', { name: 'Version' })
  await line.focus()
  // One step back is the version before the last write of the plan.
  await page.keyboard.press('ArrowLeft')
  await page.getByText('The plan of round 149').waitFor()
  expect(await line.getAttribute('aria-valuetext')).toBe('Version 300 of 301')
  await page.keyboard.press('PageDown')
  await expect.poll(() => line.getAttribute('aria-valuetext')).toBe('Version 270 of 301')
  await page.getByText('The plan of round 134').waitFor()
  await page.keyboard.press('Home')
  await row(page, 'plan.txt').waitFor({ state: 'detached' })
  await row(page, 'many').waitFor()
  // It stays where it is while it is dragged, and nothing is read on the way.
  const box = (await line.boundingBox())!
  await page.mouse.move(box.x + 8, box.y + box.height / 2)
  await page.mouse.down()
  const place = await page.evaluate(() => location.hash)
  for (let step = 1; step <= 10; step++) await page.mouse.move(box.x + (box.width * step) / 20, box.y + box.height / 2)
  expect(await page.evaluate(() => location.hash)).toBe(place)
  await page.mouse.up()
  await row(page, 'plan.txt').click()
  await page.getByText(/^The plan of round 7\d$/).waitFor()
  expect(await line.boundingBox()).toEqual(box)
  const { held } = await bob.archive(key, () => true)
  expect(held.bytes).toBeLessThan(1000)
  await page.getByRole('button', { name: 'Back to now' }).click()
  await page.getByText('The plan of round 150').waitFor()
  expect(await axe(page)).toEqual([])
  expect(complaints).toEqual([])
})

test('a file that is gone is found, looked at, brought back into its folder, and taken out again', async () => {
  const source = join(await stage.folder('author'), 'Notes')
  await writeTree(source, {
    'stays.txt': 'stays',
    'gone.txt': 'the words that were lost',
    'b/c.txt': 'c',
    'b/lost.txt': 'l',
  })
  const ana = await stage.person()
  const { key } = await publish(ana, [source])
  const first = await ana.archive(key, ({ source }) => source?.state.name === 'watching')
  await rm(join(source, 'gone.txt'))
  await rm(join(source, 'b/lost.txt'))
  await writeFile(join(source, 'stays.txt'), 'changed')
  await ana.archive(key, ({ length, files }) => length > first.length && files === 2)
  const { page, complaints } = await ana.open()
  await go(page, `#/archive/${key}/files/`)
  await row(page, 'stays.txt').waitFor()
  await page.getByRole('button', { name: 'Also show what is gone' }).click()
  await page.getByText(/^2 entries are gone from this folder and below/).waitFor()
  await row(page, 'b/lost.txt').waitFor()
  await page.getByRole('switch', { name: 'In subfolders, too' }).click()
  await page.getByText(/^1 entry is gone from this folder itself/).waitFor()
  const find = page.getByRole('textbox', { name: /^Find among what is gone/ })
  await find.fill('nothing like it')
  await page.getByText('Nothing of that name so far').waitFor()
  await find.fill('GONE')
  await page.getByText(/^1 entry of that name is gone/).waitFor()
  await find.fill('')
  await row(page, 'stays.txt').waitFor()
  await row(page, 'gone.txt').click()
  await page.getByText('the words that were lost').waitFor()
  expect(await axe(page)).toEqual([])
  await page.getByRole('button', { name: 'Restore…' }).click()
  await page.getByRole('button', { name: 'Restore', exact: true }).click()
  await page.getByText('Restored gone.txt').waitFor()
  expect(await readFile(join(source, 'gone.txt'), 'utf8')).toBe('the words that were lost')
  await page.getByText(/^Nothing is gone from this folder/).waitFor()
  await page.getByRole('button', { name: 'Undo' }).click()
  await page.getByText(/^1 entry is gone from this folder/).waitFor()
  await expect(readFile(join(source, 'gone.txt'))).rejects.toThrow()

  // The versions of a file, and one of them brought back.
  await row(page, 'stays.txt').click()
  await page.getByRole('button', { name: 'Versions of this file' }).click()
  const versions = page.getByRole('region', { name: 'Versions of this file' })
  await versions.getByRole('button', { name: /Added, 5 bytes/ }).click()
  await page.getByText('stays', { exact: true }).last().waitFor()
  // In one column its number is still seen, whatever stands before it.
  const [, version] = /version=(\d+)/.exec(page.url()) ?? []
  await ana.client.history.name({ key, version: Number(version), name: 'as sent to the printer '.repeat(4) })
  await page.setViewportSize({ width: 420, height: 800 })
  const said = page.getByText(new RegExp(`^version ${version} of \\d+$`))
  await said.waitFor()
  const { x, width } = (await said.boundingBox())!
  expect([x >= 0, x + width <= 420]).toEqual([true, true])
  expect(await said.evaluate(box => box.scrollWidth <= box.clientWidth)).toBe(true)
  await page.setViewportSize({ width: 1280, height: 800 })
  await page.getByRole('button', { name: 'Restore…' }).click()
  await page.getByRole('textbox', { name: 'Why? (optional)' }).fill('The shorter one was better')
  await page.getByRole('button', { name: 'Restore', exact: true }).click()
  await page.getByText('Restored stays.txt').waitFor()
  expect(await readFile(join(source, 'stays.txt'), 'utf8')).toBe('stays')

  // What was said of it then, and what it is said to be afterwards.
  await page.getByRole('tab', { name: 'Changes' }).click()
  await page.getByRole('button', { name: /Published 4 files/ }).waitFor()
  await page.getByRole('button', { name: /The shorter one was better/ }).click()
  for (const [text, button] of [
    ['As it was sent', 'Save'],
    ['', 'Remove it'],
  ] as const) {
    await page.getByRole('button', { name: 'Describe it…' }).click()
    await page.getByRole('textbox', { name: 'What is it?' }).fill(text)
    await page.getByRole('dialog').getByRole('button', { name: button }).click()
    const said = page.getByRole('button', { name: /As it was sent/ })
    await said.waitFor({ state: text === '' ? 'detached' : 'visible' })
  }
  expect(await page.getByRole('button', { name: /The shorter one was better/ }).count()).toBe(0)
  expect(await axe(page)).toEqual([])
  expect(complaints).toEqual([])
})
