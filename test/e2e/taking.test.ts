/**
 * Taking and keeping, as a reader sees it on the page: an older version, a zip from the browser, a download that is paused,
 * cancelled and taken after all, what was only looked at cleared, and a folder that follows the archive.
 */
import { readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { isFound, publish } from '../helpers/backend.ts'
import { chooseFolder, paste, type Stage, startStage } from '../helpers/browser.ts'
import { readTree, sizeOf, writeTree } from '../helpers/files.ts'
import { readZip } from '../helpers/zip.ts'

const MB = 1_000_000
const LARGE = 100 * MB
/** So slow that there is time to pause it and to give it up, in bytes per second. */
const SLOW = 2 * MB

let stage: Stage
beforeAll(async () => {
  stage = await startStage()
})
afterAll(() => stage?.close())

const row = (page: Page, name: string) => page.getByRole('row').filter({ has: page.getByText(name, { exact: true }) })
const main = (page: Page) => page.getByRole('main')
const showTransfers = (page: Page) => page.getByRole('button', { name: 'Show transfers' }).last().click()

async function toFolder(page: Page, button: string, folder: string): Promise<void> {
  await main(page).getByRole('button', { name: button, exact: true }).first().click()
  await page.getByRole('menuitem', { name: /^To a folder/ }).click()
  await chooseFolder(page, folder)
}

test('an older version, a zip, a pause, a cancel, a cleared cache and a kept folder', async () => {
  const source = join(await stage.folder('author'), 'Album')
  await writeTree(source, {
    'songs/one.txt': 'one, as it was',
    'songs/gone.txt': 'gone soon',
    'notes.txt': 'notes',
    'large.bin': '',
  })
  await truncate(join(source, 'large.bin'), LARGE)
  const [ana, bob] = await Promise.all([stage.person(), stage.person()])
  const { key, link } = await publish(ana, [source])
  const { length } = await ana.archive(key, ({ source }) => source?.state.name === 'watching')
  const before = await readTree(join(source, 'songs'))
  await writeFile(join(source, 'songs/one.txt'), 'one, as it is now')
  await rm(join(source, 'songs/gone.txt'))
  await ana.archive(key, row => row.length > length && row.files === 3)
  const { page, complaints } = await bob.open()
  await paste(page, link)
  await row(page, 'songs').waitFor()

  // An older version of one folder.
  await page.getByRole('tab', { name: /^Changes/ }).click()
  await page
    .getByRole('tabpanel')
    .getByRole('button', { name: /Published|added/ })
    .first()
    .click()
  await page.getByRole('button', { name: 'Browse as of then' }).last().click()
  await page.getByText(/^You are looking at version/).waitFor()
  await row(page, 'songs').dblclick()
  await row(page, 'gone.txt').waitFor()
  const old = await stage.folder('old')
  await toFolder(page, 'Download folder…', old)
  await expect.poll(() => readTree(join(old, 'songs')).catch(() => null)).toEqual(before)
  await page.getByRole('button', { name: 'Back to now' }).click()
  await row(page, 'gone.txt').waitFor({ state: 'detached' })

  // A zip, in the browser's own downloads.
  const [saved] = await Promise.all([
    page.waitForEvent('download'),
    main(page)
      .getByRole('button', { name: 'Download folder…', exact: true })
      .click()
      .then(() => page.getByRole('menuitem', { name: 'Save as a zip with the browser' }).click()),
  ])
  expect(saved.suggestedFilename()).toBe('songs.zip')
  const zip = readZip(await readFile(await saved.path()))
  expect([...zip].map(([name, { content }]) => [name, content.toString()])).toEqual([
    ['songs/one.txt', 'one, as it is now'],
  ])

  // A large file: paused, given up, and taken after all.
  await page.getByRole('button', { name: 'To the folder above' }).click()
  const target = await stage.folder('target')
  await bob.client.archives.setLimits({ key, down: SLOW, up: null })
  const begin = async () => {
    await row(page, 'large.bin').click()
    await toFolder(page, 'Download…', target)
    await showTransfers(page)
  }
  await begin()
  const transfer = page.getByRole('listitem', { name: /^Downloading / }).filter({ hasText: target.slice(-6) })
  await transfer
    .first()
    .getByRole('button', { name: /^Pause/ })
    .click()
  await transfer
    .first()
    .getByText(/Paused/)
    .waitFor()
  expect(Object.keys(await readTree(target)).filter(path => !path.startsWith('.'))).toEqual([])
  await transfer
    .first()
    .getByRole('button', { name: /^Go on with/ })
    .click()
  await transfer
    .first()
    .getByRole('button', { name: /^Cancel/ })
    .click()
  await transfer
    .first()
    .getByText(/Cancelled|Stopped/)
    .waitFor()
  expect(Object.keys(await readTree(target)).filter(path => !path.startsWith('.'))).toEqual([])
  await page.goBack()
  await bob.client.archives.setLimits({ key, down: null, up: null })
  await begin()
  await expect.poll(() => sizeOf(target), { timeout: 60_000 }).toBeGreaterThanOrEqual(LARGE)
  await page.goBack()

  // What was only looked at is cleared, and its room is given back.
  const { held } = await bob.archive(key, ({ held }) => held.bytes >= LARGE)
  expect(held.bytes).toBeLessThan(LARGE + MB)
  await page.keyboard.press('Control+,')
  await page.getByRole('button', { name: 'Show…' }).click()
  await page.getByRole('button', { name: 'Clear all of it' }).click()
  await bob.archive(key, ({ held }) => held.bytes < MB)
  await expect.poll(() => sizeOf(join(bob.storage, 'store'))).toBeLessThan(50 * MB)
  await page.keyboard.press('Escape')
  await page.keyboard.press('Escape')

  // A folder that follows.
  await rm(join(source, 'large.bin'))
  await ana.archive(key, ({ files }) => files === 2)
  const kept = await stage.folder('kept')
  await page.getByRole('button', { name: 'More', exact: true }).click()
  await page.getByText('Keep in a folder…').click()
  await chooseFolder(page, kept)
  const now = () => readTree(kept).catch(() => null)
  await expect.poll(now).toEqual(await readTree(source))
  await writeFile(join(source, 'notes.txt'), 'more notes')
  await expect.poll(now).toEqual(await readTree(source))
  await bob.archive(key, row => isFound(row) && row.keeping.how === 'folder')
  expect(complaints).toEqual([])
})
