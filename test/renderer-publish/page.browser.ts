/** The three features in a real browser, under the policy of the real page, with real files from a real folder. */
import { createHash, randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, readFile, rm, utimes, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { sharedChromium } from '../helpers/chromium.ts'
import { type Harness, startHarness } from './harness.ts'

const axePath = createRequire(import.meta.url).resolve('axe-core/axe.min.js')

let harness: Harness
let browser: Browser
let page: Page
let folder: string
/** What the page was not allowed to do, and what went wrong in it. */
let complaints: string[]
let foreign: string[]

beforeAll(async () => {
  harness = await startHarness()
  browser = await sharedChromium()
}, 120_000)
afterAll(async () => {
  await harness.close()
})

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cairn-drop-'))
  Object.assign(harness, { review: {}, breaks: 0 })
  harness.calls.length = 0
  harness.received.length = 0
  complaints = []
  foreign = []
  page = await browser.newPage({
    viewport: { width: 1280, height: 800 },
    permissions: ['clipboard-read', 'clipboard-write'],
  })
  page.on(
    'console',
    message => /Content Security Policy|Refused/.test(message.text()) && complaints.push(message.text()),
  )
  page.on(
    'console',
    message => message.type() === 'error' && /React|key|props/.test(message.text()) && complaints.push(message.text()),
  )
  page.on('pageerror', error => complaints.push(error.message))
  page.on('request', request => {
    if (!/^(http:\/\/(127\.0\.0\.1|localhost):|blob:)/.test(request.url())) foreign.push(request.url())
  })
})
afterEach(async () => {
  await page.close()
  await rm(folder, { recursive: true })
  expect(complaints).toEqual([])
  expect(foreign).toEqual([])
})

async function put(path: string, content: string | Buffer): Promise<void> {
  await mkdir(dirname(join(folder, path)), { recursive: true })
  await writeFile(join(folder, path), content)
}

/** Drops files of this machine as a file manager does. */
async function drop(paths: readonly string[], x = 640, y = 500): Promise<void> {
  await page.getByRole('button', { name: 'Publish…' }).waitFor()
  const session = await page.context().newCDPSession(page)
  const data = { items: [], files: paths.map(path => join(folder, path)), dragOperationsMask: 1 }
  for (const type of ['dragEnter', 'dragOver', 'drop'] as const) {
    await session.send('Input.dispatchDragEvent', { type, x, y, data })
    if (type === 'dragOver') await page.getByText(/^Drop to/).waitFor()
  }
}

async function accessible(): Promise<void> {
  await page.evaluate(() => Promise.all(document.getAnimations().map(animation => animation.finished.catch(() => {}))))
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(await readFile(axePath, 'utf8'))
  const { violations } = await page.evaluate(() =>
    (
      window as unknown as { axe: { run: () => Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> } }
    ).axe.run(),
  )
  expect(violations.map(({ id, nodes }) => [id, ...nodes.map(node => node.html)])).toEqual([])
}

const hash = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')
const dialog = () => page.getByRole('dialog')

test('a dropped folder is counted, shown, and streamed in byte for byte after the yes, and not before', async () => {
  const large = randomBytes(33 * 1024 * 1024)
  const small = Object.fromEntries(
    Array.from({ length: 230 }, (_, index) => [`Holiday/many/${index} ü.txt`, `number ${index}`]),
  )
  for (const [path, content] of Object.entries(small)) await put(path, content)
  await put('Holiday/film.bin', large)
  await put('Holiday/empty', '')
  await put('Holiday/.env', 'TOKEN=1')
  await put('Holiday/.git/config', 'x')
  await utimes(join(folder, 'Holiday/film.bin'), new Date(1_600_000_000_000), new Date(1_600_000_000_000))

  await page.goto(harness.url)
  await drop(['Holiday'])
  await page.getByText('232 files').waitFor()
  await dialog().getByText('Publish these too').waitFor()
  expect(
    await dialog()
      .getByText(/IP address/)
      .isVisible(),
  ).toBe(true)
  expect(harness.received).toEqual([])
  expect(harness.calls.map(call => call.name)).toEqual(['reviewDropped'])
  await accessible()

  harness.breaks = 1
  await dialog().getByRole('button', { name: 'Publish', exact: true }).click()
  await page.getByRole('heading', { name: 'Holiday is published' }).waitFor()
  await accessible()
  await expect.poll(() => harness.calls.map(call => call.name)).toContain('finishUpload')

  expect(harness.calls.map(call => call.name)).toEqual([
    'reviewDropped',
    'settings.update',
    'startUpload',
    'finishUpload',
  ])
  expect(harness.calls[2]?.input).toMatchObject({ title: 'Holiday', private: false, files: 232, into: null })
  const received = new Map(harness.received.map(file => [file.path, file]))
  expect([...received.keys()].toSorted()).toEqual(
    [...Object.keys(small).map(path => path.replace('Holiday', '')), '/film.bin', '/empty'].toSorted(),
  )
  expect(received.get('/film.bin')?.modified).toBe(1_600_000_000_000)
  expect(hash(received.get('/film.bin')!.bytes)).toBe(hash(large))
  expect(received.get('/many/7 ü.txt')?.bytes.toString()).toBe('number 7')
  expect(received.get('/empty')?.size).toBe(0)

  await page.getByRole('button', { name: 'Copy invitation' }).click()
  expect(await page.evaluate(() => navigator.clipboard.readText())).toContain(`hyper://${'y'.repeat(52)}`)
})

test('files that change or vanish after the drop are named, and the others arrive', async () => {
  for (let index = 0; index < 20; index++) await put(`Notes/${index}.txt`, `note ${index}`)
  await page.goto(harness.url)
  await drop(['Notes'])
  await page.getByText('20 files').waitFor()
  await rm(join(folder, 'Notes/3.txt'))
  await put('Notes/5.txt', 'longer than it was when it was dropped')
  await dialog().getByRole('button', { name: 'Publish', exact: true }).click()
  await page.getByText('2 files of Notes could not be sent').waitFor()
  expect(harness.received.map(file => file.path).toSorted()).toEqual(
    Array.from({ length: 20 }, (_, index) => `/${index}.txt`)
      .filter(path => path !== '/3.txt' && path !== '/5.txt')
      .toSorted(),
  )
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: 'Show them' }).click()
  await dialog().getByText('3.txt').first().waitFor()
  await accessible()
})

test('what looks private goes out only after the extra tick, and what was taken out by hand does not', async () => {
  await put('Keys/.env', 'TOKEN=1')
  await put('Keys/a.txt', 'a')
  await put('Keys/large.txt', 'b'.repeat(100))
  await page.goto(harness.url)
  await drop(['Keys'])
  await dialog().getByText('2 files').waitFor()
  await dialog().getByRole('checkbox', { name: 'Publish these too' }).click()
  await dialog().getByRole('checkbox', { name: 'large.txt' }).click()
  await dialog().getByRole('checkbox', { name: 'Private' }).click()
  await dialog().getByLabel('Title').fill('My keys')
  await page.keyboard.press('Enter')
  await expect.poll(() => harness.calls.map(call => call.name)).toContain('finishUpload')
  expect(harness.calls.find(call => call.name === 'startUpload')?.input).toMatchObject({
    title: 'My keys',
    private: true,
    files: 2,
  })
  expect(harness.received.map(file => file.path).toSorted()).toEqual(['/.env', '/a.txt'])
})

test('dropped on an archive of the person’s own, files are added to its folder', async () => {
  await put('one.txt', '1')
  await put('More/two.txt', '2')
  await page.goto(`${harness.url}?drop&large`)
  await drop(['one.txt', 'More'])
  await dialog().getByRole('button', { name: 'Add', exact: true }).click()
  await expect.poll(() => harness.calls.map(call => call.name)).toContain('finishUpload')
  expect(harness.calls.find(call => call.name === 'startUpload')?.input).toMatchObject({
    into: { key: 'y'.repeat(52), folder: '/photos' },
  })
  expect(harness.received.map(file => file.path).toSorted()).toEqual(['/More/two.txt', '/one.txt'])
})

test('a folder of this machine: the sheet, no room, and one that is published already', async () => {
  await page.goto(harness.url)
  await page.getByRole('button', { name: 'Publish…' }).click()
  await dialog().getByText('A folder that stays live').waitFor()
  await accessible()
  await dialog()
    .getByRole('button', { name: /A folder that stays live/ })
    .click()
  await page.getByRole('option', { name: 'Holiday' }).waitFor()
  await page.keyboard.type('hol')
  await page.keyboard.press('Enter')
  await page.getByText('There are no folders in here.').waitFor()
  await accessible()
  await page.getByRole('button', { name: 'Choose this folder' }).click()
  await page.getByText('212 files').waitFor()
  await dialog().getByText('3,204 left out by rules').click()
  await dialog().getByText('node_modules', { exact: true }).waitFor()
  await dialog().getByRole('button', { name: 'Publish', exact: true }).click()
  await page.getByRole('heading', { name: 'Holiday is published' }).waitFor()
  expect(harness.calls.at(-1)).toEqual({
    name: 'start',
    input: { review: 'review-1', title: 'Holiday', private: false, exclude: [], includeSuspicious: false, into: null },
  })
  await dialog().getByRole('button', { name: 'Show the archive' }).click()
  expect(new URL(page.url()).hash).toBe(`#/archive/${'y'.repeat(52)}/files/`)

  harness.review = { id: 'review-2', roomFree: 1000 }
  await page.getByRole('button', { name: 'Publish Holiday' }).click()
  await dialog()
    .getByText(/only 1\.?\d? kB are free/)
    .waitFor()
  expect(await dialog().getByRole('button', { name: 'Publish', exact: true }).isDisabled()).toBe(true)
  await page.keyboard.press('Escape')

  harness.review = { already: { key: 'y'.repeat(52), link: `hyper://${'y'.repeat(52)}` } }
  await page.getByRole('button', { name: 'Publish Holiday' }).click()
  await page.getByRole('heading', { name: 'Holiday is published already' }).waitFor()
  expect(harness.calls.filter(call => call.name === 'start').length).toBe(1)
})

test('a folder is chosen, found by typing a path, and made, with the keyboard alone', async () => {
  await page.goto(harness.url)
  await page.getByRole('button', { name: 'Choose…' }).focus()
  await page.keyboard.press('Enter')
  await page.getByRole('option', { name: 'Pictures' }).waitFor()
  await accessible()
  await page.keyboard.type('pic')
  await page.keyboard.press('ArrowRight')
  await page.getByRole('option', { name: 'Album 60' }).waitFor()
  await page.keyboard.press('End')
  await page.getByRole('option', { name: 'Album 60', selected: true }).waitFor()
  await page.keyboard.press('Backspace')
  await page.getByRole('option', { name: 'Music' }).waitFor()

  await page.getByLabel('Path').focus()
  await page.keyboard.press('Control+A')
  await page.keyboard.type('/nowhere\n')
  await page.getByText('/nowhere is not there').waitFor()
  await page.keyboard.press('Control+A')
  await page.keyboard.type('/home/ana/Holiday\n')
  await page.getByText('There are no folders in here.').waitFor()

  await page.getByRole('button', { name: 'New folder' }).focus()
  await page.keyboard.press('Enter')
  await page.keyboard.type('From Ana\n')
  await expect.poll(() => page.getByLabel('Path').inputValue()).toBe('/home/ana/Holiday/From Ana')
  await page.getByRole('button', { name: 'Choose this folder' }).focus()
  await page.keyboard.press('Enter')
  await page.getByText('/home/ana/Holiday/From Ana').waitFor()

  await page.getByRole('button', { name: 'Choose…' }).click()
  await page.getByRole('dialog').waitFor()
  await page.keyboard.press('Escape')
  await page.getByText('none', { exact: true }).waitFor()
})

const preview = async (path: string) => {
  await page.goto(`${harness.url}?large&preview=${path}`)
}

test('Markdown loads and runs nothing, and a link first shows where it leads', async () => {
  await preview('/README.md')
  await page.getByRole('heading', { name: 'Notes from the coast' }).waitFor()
  await page.getByText('Picture: The beach at six').waitFor()
  await page.getByText('gpj.⟦U+202E⟧exe').waitFor()
  await page.getByText('Café © 2024 <b> &nosuchname;').waitFor()
  expect(await page.locator('main :is(img, a, script, iframe)').count()).toBe(0)
  expect(await page.evaluate(() => 'ran' in window)).toBe(false)
  await accessible()
  await page.getByRole('button', { name: 'the map' }).click()
  await dialog().getByText('https://example.org/map?x=1').waitFor()
  await accessible()
})

test('Markdown that is made to take for ever is shown as plain text, and the page stays awake', async () => {
  await preview('/endless.md')
  await page.evaluate(() => {
    let last = performance.now()
    Object.assign(window, { longest: 0 })
    const tick = () => {
      const now = performance.now()
      Object.assign(window, { longest: Math.max((window as unknown as { longest: number }).longest, now - last) })
      last = now
      setTimeout(tick, 5)
    }
    tick()
  })
  await page.locator('main pre').getByText('*a_ *a_').waitFor()
  expect(await page.evaluate(() => (window as unknown as { longest: number }).longest)).toBeLessThan(5000)
})

test('pictures, sound with seeking, tables, code and bytes', async () => {
  await preview('/beach.png')
  await page.getByText('640 × 400').waitFor()
  await preview('/logo.svg')
  await expect.poll(() => page.locator('main img').evaluate(image => (image as HTMLImageElement).complete)).toBe(true)
  expect(await page.evaluate(() => 'ran' in window)).toBe(false)

  await preview('/tone.wav')
  const seeked = await page.locator('audio').evaluate(async element => {
    const audio = element as HTMLAudioElement
    if (audio.readyState < 1) await new Promise(resolve => audio.addEventListener('loadedmetadata', resolve))
    audio.currentTime = 15
    await new Promise(resolve => audio.addEventListener('seeked', resolve, { once: true }))
    return { at: audio.currentTime, paused: audio.paused }
  })
  expect(seeked).toEqual({ at: 15, paused: true })
  await accessible()

  await preview('/stones.csv')
  await page.getByRole('columnheader', { name: 'found on' }).waitFor()
  await page.getByText(/The first 500 rows\./).waitFor()
  expect(await page.getByRole('cell', { name: 'Cairn; the great' }).count()).toBe(1)
  await accessible()

  await preview('/add.ts')
  await page.getByText('export function add').first().waitFor()
  await preview('/film.ts')
  await page.getByText('There is no preview for this kind of file.').waitFor()
  await page.getByText('00000010', { exact: false }).first().waitFor()

  await preview('/long.txt')
  await page.getByRole('button', { name: 'Show more' }).click()
  await page.getByText(/524 kB of/).waitFor()
  await accessible()
})

test('a PDF is painted page by page, fetched in parts, and its scripts are dead', async () => {
  const answers: number[] = []
  page.on('response', response => response.url().startsWith('http://localhost') && answers.push(response.status()))
  page.on('dialog', opened => {
    complaints.push(`the PDF said ${opened.message()}`)
    void opened.dismiss()
  })
  await preview('/book.pdf')
  await page.getByText('Page 1 of a small book').waitFor({ state: 'attached' })
  const dark = () =>
    page
      .locator('canvas')
      .first()
      .evaluate(element => {
        const canvas = element as HTMLCanvasElement
        const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height)
        return data.reduce((sum, value, at) => sum + (at % 4 === 0 && value < 100 ? 1 : 0), 0)
      })
  await expect.poll(dark).toBeGreaterThan(500)
  expect(await page.locator('canvas').count()).toBeLessThan(8)
  expect(new Set(answers)).toEqual(new Set([206]))
  await page.getByLabel('Page', { exact: true }).fill('30')
  await page.keyboard.press('Enter')
  await page.getByText('Page 30 of a small book').waitFor({ state: 'attached' })
  await expect.poll(() => page.getByLabel('Page', { exact: true }).inputValue()).toBe('30')
  await page.getByRole('button', { name: 'Next page' }).click()
  await expect.poll(() => page.getByLabel('Page', { exact: true }).inputValue()).toBe('31')
  await accessible()
})

test('what cannot be shown says why', async () => {
  for (const [path, words] of [
    ['/broken.png', 'This picture cannot be shown here'],
    ['/torn.pdf', 'This PDF cannot be shown'],
    ['/nobody-has.jpg', 'Nobody who is connected has this now'],
    ['/nobody-has.txt', 'Nobody who is connected has this now'],
    ['/nobody-has.pdf', 'Nobody who is connected has this now'],
    ['/empty.txt', 'This file is empty.'],
  ] as const) {
    await preview(path)
    await page.getByText(words).waitFor()
  }
  await accessible()
})
