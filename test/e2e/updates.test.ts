/** A friend's updates, as a reader sees them on the page: counted, looked at, chosen from, stayed away from, taken. */
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { isDone, publish } from '../helpers/backend.ts'
import { axe, paste, type Stage, startStage } from '../helpers/browser.ts'
import { readTree, writeTree } from '../helpers/files.ts'

const MB = 1_000_000

let stage: Stage
beforeAll(async () => {
  stage = await startStage()
})
afterAll(() => stage?.close())

const row = (page: Page, name: string) => page.getByRole('row').filter({ has: page.getByText(name, { exact: true }) })
const button = (page: Page, name: string | RegExp) => page.getByRole('main').getByRole('button', { name, exact: true })

test('an update is counted, chosen from, and the rest of it taken; another is stayed away from, a large one asks', async () => {
  const source = join(await stage.folder('author'), 'Mixes')
  await writeTree(source, {
    'notes.txt': 'as it was',
    'gone.txt': 'gone soon',
    '2025/old.txt': 'old',
    '2026/a.txt': 'a',
  })
  const [ana, bob] = await Promise.all([stage.person(), stage.person()])
  const { key, link } = await publish(ana, [source])
  const { page, complaints } = await bob.open()
  await paste(page, link)
  await row(page, 'notes.txt').waitFor()
  const kept = await stage.folder('kept')
  await bob.transfer((await bob.client.archives.keepInFolder({ key, folder: kept })).transfer, isDone)
  await page.getByRole('button', { name: 'More', exact: true }).click()
  await page.getByText('Updates…').click()
  await page.getByRole('switch', { name: /Ask me first/ }).click()
  await bob.archive(key, ({ updates }) => updates.askFirst)
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: 'Cairn', exact: true }).click()
  const before = await readTree(kept)

  await writeFile(join(source, 'notes.txt'), 'as it is')
  await writeTree(source, { '2026/b.txt': 'b', '2026/c.txt': 'c' })
  await rm(join(source, 'gone.txt'))
  const library = page.getByRole('navigation', { name: 'Library' })
  await library.getByRole('button', { name: /Mixes.*2 added, 1 changed, 1 removed since you looked/ }).click()
  await page.getByText('Take the new version?').waitFor()
  await page.getByText(/adds 2 files, changes 1, removes 1/).waitFor()
  expect(await readTree(kept)).toEqual(before)

  // The list shows the newest version, and the kept one is a click away.
  await row(page, 'gone.txt').waitFor({ state: 'detached' })
  await button(page, 'Look at the kept version').click()
  await row(page, 'gone.txt').waitFor()
  await button(page, 'Back to now').click()

  // The way back leads away from the question too, and does not lose one's place.
  await page.getByRole('tab', { name: 'About' }).click()
  await button(page, 'Choose…').press('Enter')
  await page.getByRole('dialog').getByRole('treeitem').first().waitFor()
  await page.goBack()
  await page.getByRole('dialog').waitFor({ state: 'detached' })
  await row(page, 'notes.txt').waitFor()
  const focused = () => page.evaluate(() => document.activeElement?.textContent)
  await expect.poll(focused).toBe('Choose…')

  await button(page, 'Choose…').click()
  const dialog = page.getByRole('dialog', { name: 'Choose from the update of Mixes' })
  const item = (name: RegExp) => dialog.getByRole('treeitem', { name })
  await item(/^2026.*2 files/).click()
  await item(/^c\.txt.*added/).click()
  expect(await item(/^2026/).getAttribute('aria-checked')).toBe('mixed')
  await item(/^gone\.txt.*removed/).click()
  await dialog.getByText('2 of 4 files, 1 byte to fetch').waitFor()
  expect(await axe(page)).toEqual([])
  await dialog.getByRole('button', { name: 'Take these' }).click()
  const now = await readTree(source)
  const { 'gone.txt': _, ...stays } = before
  const part = { ...stays, '2026/b.txt': now['2026/b.txt'] }
  await expect.poll(() => readTree(kept)).toEqual(part)
  await page.getByText(/but for what you chose of later ones/).waitFor()

  await page.getByRole('tab', { name: /^Changes/ }).click()
  const fresh = page.getByRole('region', { name: 'New since you looked' })
  await fresh.getByText(/^2 added, 1 changed, 1 removed; \d+ bytes not on this device$/).waitFor()
  await fresh.getByRole('button', { name: /^Removed: gone\.txt/ }).waitFor()
  await button(page, 'Take the rest').click()
  await expect.poll(() => readTree(kept)).toEqual(now)
  await bob.archive(key, ({ updates, length }) => updates.kept === length && updates.chosen === null)

  // Stayed away from, until the person says otherwise.
  await writeFile(join(source, 'notes.txt'), 'and again')
  await button(page, 'Stay').click()
  await page.getByText(/^You stay on version/).waitFor()
  expect(await readTree(kept)).toEqual(now)
  await button(page, 'Take all').click()
  await expect.poll(() => readFile(join(kept, 'notes.txt'), 'utf8')).toBe('and again')

  // It may grow by 1 MB, and would by 2.
  await page.getByRole('button', { name: 'More', exact: true }).click()
  await page.getByText('Updates…').click()
  await page.getByRole('switch', { name: /Ask me first/ }).click()
  const limit = page.getByRole('textbox', { name: /in GB/ })
  await limit.fill('0.001')
  await limit.press('Enter')
  await bob.archive(key, ({ updates }) => !updates.askFirst && updates.growth === MB)
  await page.keyboard.press('Escape')
  await writeFile(join(source, 'large.bin'), Buffer.alloc(2 * MB, 'large'))
  await page.getByText('Take an update of 2 MB? You let it grow by 1 MB without asking').waitFor()
  expect(Object.keys(await readTree(kept))).not.toContain('large.bin')
  await button(page, 'Take all').click()
  await expect.poll(() => readTree(kept)).toEqual(await readTree(source))
  expect(complaints).toEqual([])
})
