/**
 * The main job, as two people see it: one drops a folder on the page and gets a link, the other pastes it, looks around
 * without downloading everything, takes what they want, and sees every change. In a whole run of the tests both are the
 * packed app.
 */
import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { isFound } from '../helpers/backend.ts'
import { chooseFolder, drop, type Opened, paste, type Stage, startStage } from '../helpers/browser.ts'
import { readTree, setTime, type Tree, writeTree } from '../helpers/files.ts'
import { film, wav } from '../helpers/media.ts'
import { hostOf } from '../helpers/testnet.ts'
import { pdf, png } from '../renderer-publish/samples.ts'

let stage: Stage
let tree: Tree
beforeAll(async () => {
  stage = await startStage()
  tree = {
    'readme.md': '# Our holiday\n\nThe **best** one so far.\n',
    'notes.txt': 'Pack the tent, return the key.\n',
    'empty.txt': '',
    'book.pdf': pdf(12, 400_000),
    'film.webm': await film(stage.browser, 12),
    'song.wav': wav(300),
    'photos/beach.png': png(640, 400),
    'photos/2024/Ünïcödé ⛰.txt': 'grüße',
  }
})
afterAll(() => stage?.close())

const files = (page: Page, folder?: string) =>
  page.getByRole('grid', { name: folder === undefined ? 'Files' : `Files in ${folder}`, exact: true })
const row = (page: Page, name: string) => page.getByRole('row').filter({ has: page.getByText(name, { exact: true }) })
const details = (page: Page) => page.getByRole('complementary', { name: 'Details' })
const nothingWentWrong = (...pages: readonly Opened[]) => expect(pages.flatMap(page => page.complaints)).toEqual([])

/** Takes what is chosen (or everything) to a folder through the page, and waits until it is there. */
async function take(page: Page, button: string, folder: string): Promise<void> {
  await page.getByRole('main').getByRole('button', { name: button, exact: true }).click()
  await page.getByRole('menuitem', { name: /^To a folder/ }).click()
  await chooseFolder(page, folder)
  await page.getByRole('button', { name: 'Show transfers' }).last().click()
  const transfer = page.getByRole('listitem', { name: /^Downloading / }).filter({ hasText: folder.slice(-6) })
  await transfer.getByText(/^Done/).waitFor()
  expect(await transfer.getByText(/left out/).count()).toBe(0)
  await page.goBack()
}

test('a folder is dropped, its link is pasted, and it is looked at and taken', async () => {
  const folder = join(await stage.folder('author'), 'Holiday')
  await writeTree(folder, {
    ...tree,
    '.env': 'PASSWORD=1234\n',
    '.DS_Store': 'left out',
    'node_modules/one/index.js': 'left out',
  })
  // A browser knows times to the millisecond, and cuts off the rest.
  for (const [index, path] of Object.keys(tree).entries()) await setTime(join(folder, path), 1_600_000_000.25 + index)
  const [ana, bob] = await Promise.all([stage.somebody({ consented: false }), stage.somebody({ consented: false })])
  const [a, b] = await Promise.all([ana.open(), bob.open()])

  // Nothing goes out before the sheet was seen.
  await drop(a.page, [folder])
  const sheet = a.page.getByRole('dialog', { name: 'Look at what becomes public' })
  await sheet.waitFor()
  expect(await sheet.getByLabel('Title').inputValue()).toBe('Holiday')
  await sheet.getByRole('textbox', { name: 'What is it? (optional)' }).fill('From the sea')
  await sheet.getByText('8 files', { exact: false }).first().waitFor()
  await sheet.getByRole('region', { name: 'What looks private' }).getByText('.env', { exact: false }).first().waitFor()
  await sheet.getByText('2 left out by rules').click()
  await sheet
    .getByRole('group', { name: 'Left out by rules' })
    .getByText('.DS_Store', { exact: false })
    .first()
    .waitFor()
  await sheet.getByText('can see this machine’s IP address', { exact: false }).waitFor()
  expect(await a.page.getByText('Folders that you publish stand here.').count()).toBe(1)

  await sheet.getByRole('button', { name: 'Publish', exact: true }).click()
  const published = a.page.getByRole('dialog', { name: 'Holiday is published' })
  const link = await published.getByRole('textbox', { name: 'Link' }).inputValue()
  expect(link).toMatch(/^hyper:\/\/[a-z0-9]{52}\/?$/)
  await published.getByRole('button', { name: 'Copy link' }).click()
  await a.page.getByText('Link copied').waitFor()
  expect(await a.page.evaluate(() => navigator.clipboard.readText())).toBe(link)
  await published.getByRole('button', { name: 'Show the archive' }).click()
  await row(a.page, 'film.webm').waitFor()

  // The friend pastes it with nothing in focus, and is told first what others will see.
  await paste(b.page, link)
  await b.page
    .getByRole('dialog', { name: 'Before you connect' })
    .getByRole('button', { name: 'I understand, connect' })
    .click()
  await row(b.page, 'film.webm').waitFor()
  const key = new URL(b.page.url()).hash.split('/')[2]!
  const whole = await ana.archive(key, row => row.files === 8 && !row.stillBeingAdded)
  await b.page.getByText('8 files', { exact: false }).first().waitFor()
  const { changesets } = await bob.client.history.list({ key, before: null, limit: 10 })
  expect(changesets.map(({ from, message }) => [from, message])).toEqual([[0, 'From the sea']])
  expect(await files(b.page).getByRole('row').allInnerTexts()).toHaveLength(8)
  expect(await b.page.getByText('.env').count()).toBe(0)
  await expect.poll(() => row(b.page, 'film.webm').innerText()).toContain('1 other')
  const looked = await bob.archive(key, isFound)
  expect(whole.held.ofBlocks).toBeGreaterThan(100)
  expect(looked.held.blocks).toBeLessThan(5)

  await row(b.page, 'photos').dblclick()
  await row(b.page, '2024').dblclick()
  await row(b.page, 'Ünïcödé ⛰.txt').click()
  await details(b.page).getByText('grüße').waitFor()
  await b.page.getByRole('navigation', { name: 'Path' }).getByRole('button', { name: 'photos' }).click()
  await row(b.page, 'beach.png').click()
  await details(b.page).getByText('640 × 400').waitFor()
  await b.page.getByRole('button', { name: 'To the folder above' }).click()
  await row(b.page, 'readme.md').click()
  await details(b.page).getByRole('heading', { name: 'Our holiday' }).waitFor()
  await row(b.page, 'notes.txt').click()
  await details(b.page).getByText('Pack the tent').waitFor()
  await row(b.page, 'empty.txt').click()
  await details(b.page).getByText('This file is empty.').waitFor()
  await row(b.page, 'book.pdf').click()
  await details(b.page).getByText('Page 1 of a small book').waitFor({ state: 'attached' })
  expect((await bob.archive(key, isFound)).held.bytes).toBeLessThan(3_000_000)

  // Sound and film: what is in the middle is heard and seen without all that is before it.
  for (const [name, length] of [
    ['song.wav', 300],
    ['film.webm', 12],
  ] as const) {
    await row(b.page, name).click()
    await files(b.page).press(' ')
    const player = b.page.getByRole('dialog', { name }).locator('audio, video')
    const middle = length / 2
    const seeked = await player.evaluate(async (element, to) => {
      const media = element as HTMLMediaElement
      if (media.readyState < 1)
        await new Promise(resolve => media.addEventListener('loadedmetadata', resolve, { once: true }))
      const seeked = new Promise(resolve => media.addEventListener('seeked', resolve, { once: true }))
      media.currentTime = to
      await seeked
      if (media.readyState < 2)
        await new Promise(resolve => media.addEventListener('loadeddata', resolve, { once: true }))
      return {
        at: media.currentTime,
        length: media.duration,
        picture: media instanceof HTMLVideoElement ? media.videoWidth : null,
      }
    }, middle)
    expect(seeked).toEqual({ at: middle, length, picture: name === 'film.webm' ? 320 : null })
    // The film is so small that all of it may be here before anybody jumps.
    const jumped = () =>
      b.answers.some(
        ({ url, status, range }) =>
          url.includes('song.wav') && status === 206 && range !== null && !range.startsWith('bytes 0-'),
      )
    await expect.poll(jumped).toBe(true)
    await b.page.keyboard.press('Escape')
    await b.page.getByRole('dialog', { name }).waitFor({ state: 'detached' })
  }
  const { held } = await bob.archive(key, isFound)
  expect(held.bytes).toBeLessThan(held.ofBytes / 2)

  // Some of it, then all of it, through the page's own choice of folders.
  const some = await stage.folder('some')
  await row(b.page, 'notes.txt').click()
  await row(b.page, 'photos').click({ modifiers: ['ControlOrMeta'] })
  await take(b.page, 'Download 2 items…', some)
  const { '.env': _, '.DS_Store': __, 'node_modules/one/index.js': ___, ...source } = await readTree(folder)
  expect(await readTree(some)).toEqual(
    Object.fromEntries(Object.entries(source).filter(([path]) => path === 'notes.txt' || path.startsWith('photos/'))),
  )
  await row(b.page, 'notes.txt').waitFor()
  await files(b.page).press('Escape')
  const all = await stage.folder('all')
  await take(b.page, 'Download all…', all)
  expect(await readTree(all)).toEqual(source)
  await expect.poll(() => row(b.page, 'film.webm').innerText()).toContain('you + 1')
  nothingWentWrong(a, b)
})

test('a live folder is followed, looked at as it was, kept and forgotten', async () => {
  const folder = join(await stage.folder('author'), 'Recipes')
  await writeTree(folder, {
    'soup.md': '# Soup\n\nWith leek.\n',
    'old.txt': 'gone soon',
    'name.txt': 'stays',
    'large.bin': Buffer.alloc(2_000_000, 'cake'),
  })
  const [ana, bob] = await Promise.all([stage.somebody(), stage.somebody()])
  const [a, b] = await Promise.all([ana.open(), bob.open()])

  await a.page.getByRole('button', { name: 'Publish…' }).first().click()
  await a.page.getByRole('button', { name: /^A folder that stays live/ }).click()
  await chooseFolder(a.page, folder)
  const sheet = a.page.getByRole('dialog', { name: 'Look at what becomes public' })
  await sheet.getByText('4 files', { exact: false }).first().waitFor()
  await sheet.getByRole('button', { name: 'Publish', exact: true }).click()
  const published = a.page.getByRole('dialog', { name: 'Recipes is published' })
  const link = await published.getByRole('textbox', { name: 'Link' }).inputValue()
  await published.getByRole('button', { name: 'Show the archive' }).click()
  await row(a.page, 'soup.md').waitFor()

  await b.page.getByRole('textbox', { name: 'Open a link' }).fill(link)
  await b.page.keyboard.press('Enter')
  await row(b.page, 'soup.md').click()
  await details(b.page).getByText('With leek.').waitFor()
  const key = new URL(b.page.url()).hash.split('/')[2]!
  await ana.archive(key, row => row.source?.state.name === 'watching' && !row.stillBeingAdded)

  // No reload: what is on the disk of the one shows on the page of the other.
  let reloads = 0
  b.page.on('framenavigated', () => reloads++)
  await writeFile(join(folder, 'soup.md'), '# Soup\n\nWith pumpkin.\n')
  await mkdir(join(folder, 'later'))
  await writeFile(join(folder, 'later/bread.md'), '# Bread\n')
  await rename(join(folder, 'name.txt'), join(folder, 'renamed.txt'))
  await rm(join(folder, 'old.txt'))
  await row(b.page, 'renamed.txt').waitFor()
  await row(b.page, 'later').waitFor()
  await row(b.page, 'old.txt').waitFor({ state: 'detached' })
  await row(b.page, 'soup.md').click()
  await details(b.page).getByText('With pumpkin.').waitFor()
  expect(reloads).toBe(0)

  await b.page.getByRole('tab', { name: /^Changes/ }).click()
  const fresh = b.page.getByRole('region', { name: 'New since you looked' })
  await fresh.getByText(/^1 added, 1 changed, 1 renamed, 1 removed; .* not on this device$/).waitFor()
  for (const what of [
    /^Changed: soup\.md/,
    /^Renamed: renamed\.txt was name\.txt/,
    /^Added: bread\.md later/,
    /^Removed: old\.txt/,
  ])
    await fresh.getByRole('button', { name: what }).waitFor()

  // As it was when everything had just been added.
  await b.page
    .getByRole('tabpanel')
    .getByRole('button', { name: /Published 4 files/ })
    .click()
  await b.page.getByRole('button', { name: 'Browse as of then' }).last().click()
  await b.page.getByText(/^You are looking at version/).waitFor()
  await row(b.page, 'old.txt').waitFor()
  expect(await row(b.page, 'renamed.txt').count()).toBe(0)
  await row(b.page, 'soup.md').click()
  await details(b.page).getByText('With leek.').waitFor()
  await b.page.getByRole('button', { name: 'Back to now' }).click()
  await row(b.page, 'renamed.txt').waitFor()

  await a.page.getByRole('tab', { name: /^Peers/ }).click()
  await a.page.getByText('Only you hold', { exact: false }).first().waitFor()
  await b.page.getByRole('button', { name: 'More', exact: true }).click()
  await b.page.getByRole('menuitemradio', { name: /^Keep all of it/ }).click()
  await a.page.getByText('Safe to close: one other holds all of it.').waitFor()
  const peers = a.page.getByRole('region', { name: 'Connected peers' })
  expect(await peers.getByRole('row').count()).toBe(2)
  await peers.getByRole('rowheader', { name: hostOf(stage.bootstrap) }).waitFor()
  await b.page.getByRole('tab', { name: /^Peers/ }).click()
  await b.page.getByText('Safe to close: one other holds all of it.').waitFor()
  await bob.archive(key, row => row.keeping.how === 'all' && row.held.blocks === row.held.ofBlocks)

  await b.page.getByRole('button', { name: 'More', exact: true }).click()
  await b.page.getByRole('menuitem', { name: 'Forget…' }).click()
  await b.page
    .getByRole('dialog', { name: 'Forget Recipes?' })
    .getByRole('button', { name: 'Forget', exact: true })
    .click()
  await b.page.getByText('Recipes is forgotten').first().waitFor()
  await b.page.getByText('Archives whose links you open stand here.').waitFor()
  expect(await bob.client.archives.keep({ key, keep: true }).catch((error: { code: string }) => error.code)).toBe(
    'ARCHIVE_NOT_FOUND',
  )
  nothingWentWrong(a, b)
})
