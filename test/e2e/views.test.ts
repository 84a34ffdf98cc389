/** Every view on a desk, others at other sizes, and the whole job without a mouse. At other sizes and in the dark: `npm run soak`. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { go, overflow, type PagePerson, type Stage } from '../helpers/browser.ts'
import { readTree } from '../helpers/files.ts'
import { dialog, escape, startViews, type Views, walk } from '../helpers/views.ts'

let views: Views
let stage: Stage
let ana: PagePerson
let bob: PagePerson
let key: string
beforeAll(async () => {
  views = await startViews()
  ;({ stage, ana, bob, key } = views)
})
afterAll(() => views?.stage.close())

test('every view', async () => {
  expect(await walk(views, 1280, 800, 'light')).toEqual([])
})

test('nothing stands out at the side at 900 pixels, nor at 200 percent', async () => {
  for (const size of [
    { width: 900, height: 600 },
    { width: 640, height: 400, scale: 2 },
  ]) {
    const { page, complaints, close } = await bob.open(size)
    const wide: string[] = []
    const look = async (view: string) => {
      const by = await overflow(page)
      if (by > 0) wide.push(`${view}: ${by} pixels at ${size.width}`)
    }
    await page.getByRole('heading', { name: 'Friends' }).last().waitFor()
    await look('home')
    for (const tab of ['files', 'changes', 'peers', 'about']) {
      await go(page, `#/archive/${key}/${tab}/`)
      await page.getByRole('tab', { selected: true, name: new RegExp(`^${tab}`, 'i') }).waitFor()
      await page.getByRole('tabpanel').waitFor()
      await look(tab)
    }
    for (const view of ['transfers', 'network', 'about']) {
      await go(page, `#/${view}`)
      await page.getByRole('heading', { level: 1, name: new RegExp(view, 'i') }).waitFor()
      await look(view)
    }
    for (const [keys, name] of [
      ['ControlOrMeta+,', 'Settings'],
      ['?', 'Keyboard'],
    ] as const) {
      await page.keyboard.press(keys)
      await dialog(page, name).waitFor()
      await look(name)
      // What does not fit can be scrolled to: its last words are within reach.
      await dialog(page, name)
        .getByText(name === 'Settings' ? 'Archives lie in' : 'Details')
        .scrollIntoViewIfNeeded()
      await escape(page, name)
    }
    expect([...wide, ...complaints]).toEqual([])
    await close()
  }
})

test('the whole job without a mouse', async () => {
  const eve = await stage.person({ consented: false })
  const { page, complaints } = await eve.open()
  const focused = () =>
    page.evaluate(() => {
      const element = document.activeElement
      return element?.getAttribute('role') ?? element?.getAttribute('aria-label') ?? element?.textContent ?? ''
    })
  const tabTo = async (wanted: (name: string) => boolean) => {
    for (let steps = 0; steps < 60; steps++) {
      await page.keyboard.press('Tab')
      if (wanted((await focused()).trim())) return
    }
    throw new Error(`60 steps of the Tab key did not lead there; the last one led to ${await focused()}`)
  }
  const { link } = await ana.archive(key, () => true)
  // From the first Tab to the field.
  for (let steps = 0; (await page.evaluate(() => document.activeElement?.id)) !== 'open-link'; steps++) {
    expect(steps).toBeLessThan(20)
    await page.keyboard.press('Tab')
  }
  await page.keyboard.type(link)
  await page.keyboard.press('Enter')
  await dialog(page, 'Before you connect').waitFor()
  await page.keyboard.press('Enter')
  await page.getByRole('row', { name: /notes\.txt/ }).waitFor()
  await tabTo(name => name === 'grid')
  const chosen = page.getByRole('row', { selected: true })
  for (let steps = 0; !(await chosen.allInnerTexts()).some(text => text.includes('notes.txt')); steps++) {
    expect(steps).toBeLessThan(20)
    await page.keyboard.press('ArrowDown')
    await chosen.waitFor()
  }
  await page.keyboard.press(' ')
  await dialog(page, 'notes.txt').getByText('Pack the tent.').waitFor()
  await page.keyboard.press('Escape')
  await dialog(page, 'notes.txt').waitFor({ state: 'detached' })
  const target = await stage.folder('taken')
  await expect.poll(focused).toBe('grid')
  await page.keyboard.press('ControlOrMeta+D')
  const chooser = dialog(page, /^Download .+ to$/)
  await chooser.getByRole('button', { name: 'Choose this folder', disabled: false }).waitFor()
  await tabTo(name => name === 'Close')
  await page.keyboard.press('Tab')
  await page.keyboard.press('ControlOrMeta+A')
  await page.keyboard.type(target)
  await page.keyboard.press('Enter')
  await chooser.getByRole('button', { name: 'Go there' }).waitFor({ state: 'detached' })
  await tabTo(name => name === 'Choose this folder')
  await page.keyboard.press('Enter')
  await chooser.waitFor({ state: 'detached' })
  await page.keyboard.press('ControlOrMeta+J')
  await page
    .getByRole('listitem', { name: /^Downloading/ })
    .getByText(/^Done/)
    .waitFor()
  expect(Object.keys(await readTree(target))).toEqual(['notes.txt'])
  expect(complaints).toEqual([])
})
