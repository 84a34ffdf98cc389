/**
 * An author at their page: what becomes public and what stays out, later changes of it, a folder that was moved, and an
 * archive without a folder, whose files are edited in place. `CAIRN_SHOTS=FOLDER` leaves pictures of each step there.
 */
import { rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { publish } from '../helpers/backend.ts'
import { axe, chooseFolder, drop, go, type Opened, overflow, type Stage, startStage } from '../helpers/browser.ts'
import { writeTree } from '../helpers/files.ts'

let stage: Stage
beforeAll(async () => {
  stage = await startStage()
})
afterAll(() => stage?.close())

const dialog = (page: Page) => page.getByRole('dialog')
const row = (page: Page, name: string) => page.getByRole('row', { name: new RegExp(`^${name}`) })

/** Looks at what stands there as a person would: axe, nothing out of its box, and a picture if somebody wants one. */
async function look({ page }: Opened, name: string): Promise<void> {
  expect(await axe(page), name).toEqual([])
  expect(await overflow(page), name).toBe(0)
  const shots = process.env['CAIRN_SHOTS']
  if (shots === undefined) return
  for (const [width, height] of [
    [1280, 800],
    [900, 600],
  ] as const)
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.setViewportSize({ width, height })
      await page.emulateMedia({ colorScheme })
      await page.waitForTimeout(250)
      await page.screenshot({ path: join(shots, `${name}-${width}-${colorScheme}.png`) })
    }
  await page.setViewportSize({ width: 1280, height: 800 })
  await page.emulateMedia({ colorScheme: 'light' })
}

test('what stays out is taken in, more is left out, and both can be changed later', async () => {
  const home = await stage.folder('author')
  const folder = join(home, 'Garden')
  await writeTree(folder, {
    'plan.txt': 'plan',
    'film.mov': Buffer.alloc(40_000),
    '.env': 'SECRET=1',
    'site/node_modules/x.js': 'x',
    'drafts/one.md': '1',
    'drafts/two.md': '2',
    'notes.log': 'log',
  })
  const ana = await stage.person({ join: false })
  const a = await ana.open()
  const { page } = a
  await page.getByRole('button', { name: 'Publish…' }).first().click()
  await dialog(page)
    .getByRole('button', { name: /A folder that stays live/ })
    .click()
  await chooseFolder(page, folder)
  await dialog(page).getByText('5 files, 40 kB').waitFor()
  await dialog(page).getByText('1 left out by rules').click()
  await dialog(page).getByRole('button', { name: 'Take in node_modules' }).click()
  await dialog(page).getByText('6 files, 40 kB').waitFor()
  await dialog(page).getByText('Leave out more').click()
  await dialog(page).getByLabel('A name, a path or a pattern').fill('*.log')
  await page.keyboard.press('Enter')
  await dialog(page).getByText('5 files, 40 kB').waitFor()
  await look(a, 'sheet')
  await dialog(page).getByRole('checkbox', { name: 'film.mov' }).click()
  await dialog(page).getByText('4 files, 7 B').waitFor()
  await dialog(page).getByRole('button', { name: 'Publish', exact: true }).click()
  await dialog(page).getByRole('button', { name: 'Show the archive' }).click()
  await row(page, 'plan.txt').waitFor()
  expect(await row(page, 'film.mov').count()).toBe(0)
  expect(await row(page, 'notes.log').count()).toBe(0)
  const [, key = ''] = /archive\/(\w+)/.exec(page.url()) ?? []
  await ana.archive(key, ({ source, files }) => source?.state.name === 'watching' && files === 4)

  await page.getByRole('button', { name: 'More' }).click()
  await page.getByRole('menuitem', { name: /What is published/ }).click()
  await dialog(page).getByText('Everything that these rules let pass is published.').waitFor()
  expect(await dialog(page).getByRole('button', { name: 'Apply' }).isDisabled()).toBe(true)
  await dialog(page).getByRole('button', { name: 'Take in film.mov' }).click()
  await dialog(page).getByLabel('A name, a path or a pattern').fill('/drafts')
  await dialog(page).getByRole('button', { name: 'Leave out', exact: true }).click()
  await dialog(page).getByText('2 files will leave the next version, 1 file will come in.').waitFor()
  await look(a, 'rules')
  await dialog(page).getByRole('button', { name: 'Apply' }).click()
  await row(page, 'film.mov').waitFor()
  await row(page, 'drafts').waitFor({ state: 'detached' })

  // The folder is moved, and found again.
  await rename(folder, join(home, 'Park'))
  await page.getByText('Its folder is not there').waitFor()
  await look(a, 'missing')
  const before = await ana.archive(key, ({ source }) => source?.state.name === 'missing')
  await page.getByRole('button', { name: /Choose where it is now/ }).click()
  await chooseFolder(page, home)
  await dialog(page).getByText('holds few of the files of this archive: 0 of 3', { exact: false }).waitFor()
  await look(a, 'differs')
  await dialog(page).getByRole('button', { name: 'Cancel' }).click()
  await page.getByRole('button', { name: /Choose where it is now/ }).click()
  await chooseFolder(page, join(home, 'Park'))
  await page.getByText('Its folder is not there').waitFor({ state: 'detached' })
  const after = await ana.archive(key, ({ source }) => source?.state.name === 'watching')
  expect(after.length).toBe(before.length)

  // Paused, it says so, and goes on with the keyboard.
  await page.getByRole('button', { name: 'More' }).click()
  await page.getByRole('menuitem', { name: /Pause its folder/ }).click()
  await page.getByText('Paused: changes in its folder are not published').waitFor()
  await look(a, 'paused')
  await page.getByRole('button', { name: 'Go on' }).focus()
  await page.keyboard.press('Enter')
  await page.getByText('Paused: changes').waitFor({ state: 'detached' })
  expect(a.complaints).toEqual([])
})

test('most of a folder vanishes: which files, and both answers', async () => {
  const folder = join(await stage.folder('author'), 'Songs')
  await writeTree(folder, Object.fromEntries(Array.from({ length: 12 }, (_, index) => [`old/${index}.txt`, 'la'])))
  await writeTree(folder, { 'one.txt': '1' })
  const ana = await stage.person({ join: false })
  const { key } = await publish(ana, [folder])
  const a = await ana.open()
  await go(a.page, `#/archive/${key}/files/`)
  await row(a.page, 'old').waitFor()
  await rm(join(folder, 'old'), { recursive: true })
  await a.page.getByText('12 of 13 files are gone from its folder').waitFor()
  await a.page.getByRole('button', { name: /Show which/ }).click()
  await dialog(a.page).getByText('old/11.txt').first().waitFor()
  await look(a, 'removal')
  await dialog(a.page).getByRole('button', { name: 'Close' }).first().click()
  await a.page.getByRole('button', { name: 'Leave them in it' }).click()
  await a.page.getByText('Paused: changes in its folder are not published').waitFor()
  await a.page.getByRole('button', { name: 'Go on' }).click()
  await a.page.getByRole('button', { name: 'Remove them from the archive' }).click()
  await row(a.page, 'old').waitFor({ state: 'detached' })
  expect(a.complaints).toEqual([])
})

test('an archive without a folder is edited in place, and each edit is undone', async () => {
  const home = await stage.folder('author')
  await writeTree(home, { 'Trip/a.txt': 'first', 'Trip/b.txt': 'b', 'Trip/day/c.txt': 'c', 'more/a.txt': 'second' })
  const ana = await stage.person({ join: false })
  const a = await ana.open()
  const { page } = a
  await drop(page, [join(home, 'Trip')])
  await dialog(page).getByRole('button', { name: 'Publish', exact: true }).click()
  await dialog(page).getByRole('button', { name: 'Show the archive' }).click()
  await row(page, 'b.txt').waitFor()
  const [, key = ''] = /archive\/(\w+)/.exec(page.url()) ?? []
  const toast = (text: string) => page.getByRole('status').getByText(text, { exact: true })

  // Renamed in its place, with the keyboard.
  await row(page, 'b.txt').click()
  await page.keyboard.press('F2')
  const field = page.getByRole('textbox', { name: 'New name of b.txt' })
  await field.waitFor()
  await look(a, 'renaming')
  await field.fill('letter.txt')
  await page.keyboard.press('Enter')
  await row(page, 'letter.txt').waitFor()
  await toast('Renamed to letter.txt').waitFor()
  await page.getByRole('button', { name: 'Undo' }).click()
  await row(page, 'b.txt').waitFor()
  await row(page, 'letter.txt').waitFor({ state: 'detached' })

  // A folder that is on this page only, until something is dragged into it.
  await page.getByRole('button', { name: 'New folder' }).click()
  await look(a, 'new-folder')
  await dialog(page).getByLabel('Name').fill('Letters')
  await page.keyboard.press('Enter')
  await row(page, 'Letters').waitFor()
  await row(page, 'b.txt').dragTo(row(page, 'Letters'))
  await toast('Moved b.txt to Letters').waitFor()
  await row(page, 'b.txt').waitFor({ state: 'detached' })
  await row(page, 'Letters').dblclick()
  await row(page, 'b.txt').waitFor()
  // From there to the top folder, over the steps of the path.
  await row(page, 'b.txt').dragTo(page.getByRole('navigation', { name: 'Path' }).getByRole('button', { name: 'Trip' }))
  await toast('Moved b.txt to the top folder').waitFor()
  await go(page, `#/archive/${key}/files/`)
  await row(page, 'b.txt').waitFor()

  // Moved with a dialog, from the menu that the keyboard opens.
  await row(page, 'a.txt').click()
  await row(page, 'b.txt').click({ modifiers: ['Control'] })
  await page.keyboard.press('Alt+m')
  await dialog(page).getByRole('button', { name: 'day' }).click()
  await look(a, 'move')
  await dialog(page).getByRole('button', { name: 'Move here' }).click()
  await toast('Moved 2 items to day').waitFor()
  await row(page, 'a.txt').waitFor({ state: 'detached' })
  await page.getByRole('grid').focus()
  await page.keyboard.press('Control+z')
  await row(page, 'a.txt').waitFor()

  // Removed without a question, and back again.
  await row(page, 'day').click({ button: 'right' })
  await look(a, 'menu')
  await page.getByRole('menuitem', { name: /Remove from archive/ }).click()
  await row(page, 'day').waitFor({ state: 'detached' })
  await toast('Removed day').waitFor()
  await look(a, 'removed')
  await page.getByRole('button', { name: 'Undo' }).last().click()
  await row(page, 'day').waitFor()

  // A file of a name that is there asks what becomes of it.
  await drop(page, [join(home, 'more/a.txt')])
  await dialog(page).getByText('A file of this name is there already').waitFor()
  await look(a, 'clash')
  await dialog(page).getByRole('button', { name: 'Add', exact: true }).click()
  await row(page, 'a \\(2\\).txt').waitFor()
  await ana.archive(key, ({ files, bytes }) => files === 4 && bytes === 13)
  expect(a.complaints).toEqual([])
})
