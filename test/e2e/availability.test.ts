/** Three people and one archive: whether it will be there, who holds what, and copies that are given up and come back. */
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { isFound, publish } from '../helpers/backend.ts'
import { axe, go, type Stage, startStage } from '../helpers/browser.ts'
import { writeTree } from '../helpers/files.ts'

let stage: Stage
beforeAll(async () => {
  stage = await startStage()
})
afterAll(() => stage?.close())

const row = (page: Page, name: string) => page.getByRole('row').filter({ has: page.getByText(name, { exact: true }) })
const peersTab = (page: Page) => page.getByRole('tab', { name: /^Peers/ }).click()
const filesTab = (page: Page) => page.getByRole('tab', { name: 'Files' }).click()

test('whoever closes knows whether it will be there; room is freed, and got back', { timeout: 120_000 }, async () => {
  const folder = join(await stage.folder('author'), 'Films')
  await writeTree(folder, {
    'one.bin': randomBytes(900_000),
    'two.bin': randomBytes(700_000),
    'notes.txt': 'Pack the tent.\n',
  })
  const [ana, bob, cleo] = await Promise.all([stage.person(), stage.person(), stage.person()])
  const { key, link } = await publish(ana, [folder])
  const a = await ana.open()
  await go(a.page, `#/archive/${key}/peers/`)
  const standing = (page: Page) => page.getByRole('region', { name: 'Will it be there' })
  await standing(a.page).getByText('Only you hold this archive: 3 files (1.6 MB).').waitFor()
  await a.page.getByTitle('Nobody else holds all of it').waitFor()

  // Bob takes one file, and has a part of it; then he keeps all.
  await bob.client.archives.open({ link })
  await bob.archive(key, isFound)
  const some = { key, version: null, paths: ['/one.bin'], folder: await stage.folder('some'), overwrite: false }
  const { transfer } = await bob.client.read.download(some)
  await bob.transfer(transfer, ({ state }) => state.name === 'done')
  await standing(a.page).getByText('Only you hold 2 files (700 kB); one other holds the rest.').waitFor()
  const holders = a.page.getByRole('region', { name: 'Who holds what' })
  await holders.getByText('1 of 3 files, 900 kB').waitFor()
  await holders.getByRole('button', { name: /^Name / }).click()
  await a.page.getByRole('dialog', { name: 'Who is this?' }).getByRole('textbox', { name: 'Name' }).fill('Bob')
  await a.page.keyboard.press('Enter')
  await holders.getByText('Bob', { exact: true }).first().waitFor()
  const bar = a.page.getByRole('slider', { name: 'Parts of this archive' })
  const { bar: drawn } = await partsOf(ana, key)
  expect(drawn.least.filter(others => others === 1)).toHaveLength(Math.ceil(900_000 / 262_144))
  await bar.press('Home')
  await expect
    .poll(() => bar.getAttribute('aria-valuetext'))
    .toMatch(/^Part 1 of \d+: .* it is on this device\. Of (notes\.txt|one\.bin|two\.bin)$/)
  await filesTab(a.page)
  await row(a.page, 'one.bin').getByText('you + 1').waitFor()
  await row(a.page, 'two.bin').getByText('only you').waitFor()
  await row(a.page, 'one.bin').click()
  await a.page.getByRole('region', { name: 'Who has this file' }).getByRole('button', { name: /Bob/ }).waitFor()
  await peersTab(a.page)
  await a.page.getByRole('button', { name: 'Rarest files' }).click()
  await a.page.getByRole('button', { name: /two\.bin/ }).click()
  await a.page.getByRole('row', { name: /two\.bin/, selected: true }).waitFor()
  await peersTab(a.page)
  expect(await axe(a.page)).toEqual([])

  await Promise.all([bob.client.archives.keep({ key, keep: true }), cleo.client.archives.open({ link })])
  await cleo.archive(key, isFound)
  await cleo.client.archives.keep({ key, keep: true })
  await standing(a.page).getByText('Safe to close: 2 others hold all of it.').waitFor()

  // What both others keep can go from Cleo's device, and comes back.
  const c = await cleo.open()
  await go(c.page, `#/archive/${key}/files/`)
  await row(c.page, 'one.bin').getByText('you + 2').waitFor()
  await c.page.getByRole('button', { name: 'More', exact: true }).click()
  await c.page.getByRole('menuitem', { name: /^Free room/ }).click()
  const dialog = c.page.getByRole('dialog', { name: 'Free room: Films' })
  await dialog.getByText('3 files can go: 1.6 MB.').waitFor()
  expect(await axe(c.page)).toEqual([])
  await dialog.getByRole('radio', { name: '3' }).click()
  await dialog.getByText('Nothing can go now.').waitFor()
  await dialog.getByRole('radio', { name: '2' }).click()
  await dialog.getByRole('button', { name: 'Free 1.6 MB' }).click()
  await c.page.getByText('1.6 MB freed').first().waitFor()
  await dialog.waitFor({ state: 'detached' })
  const { held } = await cleo.archive(key, ({ held }) => held.blocks === 0)
  expect(held.bytes).toBe(0)
  await row(c.page, 'one.bin').getByText('2 others').waitFor()
  await standing(a.page).getByText('Safe to close: one other holds all of it.').waitFor()
  // Looking at one fetches that one.
  await row(c.page, 'notes.txt').click()
  await c.page.getByText('Pack the tent.').waitFor()
  await row(c.page, 'notes.txt').getByText('you + 2').waitFor()
  await peersTab(c.page)
  await c.page.getByRole('tabpanel').getByRole('button', { name: 'Get it back' }).click()
  await cleo.archive(key, ({ held }) => held.blocks === held.ofBlocks)
  await standing(a.page).getByText('Safe to close: 2 others hold all of it.').waitFor()

  // They leave: what was seen last is told as that.
  await Promise.all([bob.close(), cleo.close()])
  await standing(a.page).getByText('Nobody is connected. When they were seen last, 2 others held all of it.').waitFor()
  await holders
    .getByText(/^last seen just now/)
    .first()
    .waitFor()
  expect(a.complaints).toEqual([])
})

async function partsOf(person: Awaited<ReturnType<Stage['person']>>, key: string) {
  for await (const changes of person.client.availability.watch({ key }))
    for (const change of changes) if (change.op === 'put') return change.item
  throw new Error('Nothing was told of it')
}
