/** Somebody who starts Cairn for the first time: three steps that are the things themselves, in nobody's way, and then never again. */
import { readFile, stat } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { isFound, publish } from '../helpers/backend.ts'
import { axe, drop, go, overflow, type PagePerson, type Stage, startStage } from '../helpers/browser.ts'
import { writeTree } from '../helpers/files.ts'
import { hostOf } from '../helpers/testnet.ts'

let stage: Stage
let ana: PagePerson
let link: string
let key: string

beforeAll(async () => {
  stage = await startStage()
  ana = await stage.person()
  const folder = join(await stage.folder('author'), 'Coast')
  await writeTree(folder, { 'notes.txt': 'Pack the tent.\n' })
  ;({ link, key } = await publish(ana, [folder]))
})
afterAll(() => stage?.close())

test('the first steps are taken where they stand, each is told once it is done, and they do not come again', async () => {
  const newcomer = await stage.person({ consented: false })
  const { page, complaints } = await newcomer.open()
  const step = (title: string) => page.getByRole('listitem').filter({ has: page.getByRole('heading', { name: title }) })

  // In the field of the step itself: one question, and the archive is there.
  await step('Open a friend’s link').getByRole('textbox').fill(link)
  await page.keyboard.press('Enter')
  await page.getByRole('dialog', { name: 'Before you connect' }).getByRole('button', { name: 'I understand' }).click()
  await page.getByRole('row', { name: /notes\.txt/ }).waitFor()
  await go(page, '#/')
  await step('Open a friend’s link').getByRole('button', { name: 'Coast' }).waitFor()
  await step('Open a friend’s link').getByRole('heading', { name: 'done' }).waitFor()
  expect(await step('Open a friend’s link').getByRole('textbox').count()).toBe(0)

  // Dropped on the step.
  const folder = join(await stage.folder('newcomer'), 'Dunes')
  await writeTree(folder, { 'a.txt': 'a' })
  const box = (await step('Publish a folder').boundingBox())!
  await drop(page, [folder], { x: box.x + box.width / 2, y: box.y + box.height / 2 })
  await page
    .getByRole('dialog', { name: 'Look at what becomes public' })
    .getByRole('button', { name: /^Publish/ })
    .click()
  await page.getByRole('dialog', { name: 'Dunes is published' }).getByRole('button', { name: 'Close' }).click()
  await go(page, '#/')
  await step('Publish a folder').getByRole('button', { name: 'Dunes' }).waitFor()
  expect(await step('Know what stays on').innerText()).toMatch(/Closing this page stops nothing.*Pause everything/s)
  expect(await axe(page)).toEqual([])

  await page.getByRole('button', { name: 'Done', exact: true }).click()
  await page.getByRole('heading', { name: 'First steps' }).waitFor({ state: 'detached' })
  await page.reload()
  await page.getByRole('heading', { name: 'Friends' }).last().waitFor()
  expect(await page.getByRole('heading', { name: 'First steps' }).count()).toBe(0)
  expect(complaints).toEqual([])
})

test('a link that is opened on the first start is not held up by them, and who skips them finds them again', async () => {
  const newcomer = await stage.person({ consented: false })
  const { page, complaints } = await newcomer.open({ width: 420, height: 700 })
  await page.getByRole('heading', { name: 'Know what stays on' }).waitFor()
  await go(page, `#/ask?link=${encodeURIComponent(link)}`)
  await page.getByRole('button', { name: 'Look it up' }).click()
  await page.keyboard.press('Enter')
  await newcomer.archive(key, isFound)
  await page.getByRole('row', { name: /notes\.txt/ }).waitFor()
  await newcomer.client.archives.forget({ key })

  await go(page, '#/')
  await page.getByRole('button', { name: 'Skip the first steps' }).click()
  await page.getByRole('heading', { name: 'Know what stays on' }).waitFor({ state: 'detached' })
  // An empty library still says what can be done.
  await page.getByRole('heading', { name: 'Publish a folder' }).waitFor()
  await page.keyboard.press('ControlOrMeta+K')
  await page.keyboard.type('about')
  await page.keyboard.press('Enter')
  await page.getByRole('button', { name: 'Show the first steps' }).click()
  await page.getByRole('heading', { name: 'Know what stays on' }).waitFor()
  expect(await overflow(page)).toBe(0)
  expect(complaints).toEqual([])
})

test('what Cairn is made of can be searched, and what would be sent to somebody is seen before it is saved', async () => {
  const { page, complaints, context } = await ana.open()
  await go(page, '#/about')
  await page.getByText(ana.storage).waitFor()
  await page.getByRole('button', { name: 'Show what comes with it' }).click()
  await page.getByRole('searchbox', { name: 'Search the licences' }).fill('hypercore')
  await page.getByText(/^\d of \d{3} packages$/).waitFor()
  await page.getByText('hypercore', { exact: true }).last().click()
  await page
    .getByText(/Permission is hereby granted/)
    .first()
    .waitFor()
  expect(await axe(page)).toEqual([])

  await page.getByRole('button', { name: 'Save diagnostics…' }).click()
  const dialog = page.getByRole('dialog', { name: 'Save diagnostics' })
  const shown = await dialog.getByRole('group', { name: 'What is saved' }).innerText()
  expect(JSON.parse(shown)).toMatchObject({
    program: { page: { name: 'Chromium', version: expect.any(Number) } },
    archives: [{ archive: 'archive-1', ownership: 'yours' }],
  })
  for (const secret of [key, 'Coast', ana.storage, homedir(), '127.0.0.1', hostOf(stage.bootstrap)])
    expect(shown).not.toContain(secret)
  expect(await axe(page)).toEqual([])
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    dialog.getByRole('button', { name: 'Save' }).click(),
  ])
  expect(download.suggestedFilename()).toMatch(/^cairn-diagnostics-.*\.json$/)
  const path = join(await stage.folder('saved'), 'diagnostics.json')
  await download.saveAs(path)
  expect((await readFile(path, 'utf8')).trim()).toBe(shown.trim())
  expect((await stat(path)).size).toBeGreaterThan(1000)
  await dialog.waitFor({ state: 'detached' })
  await context.close()
  expect(complaints).toEqual([])
})
