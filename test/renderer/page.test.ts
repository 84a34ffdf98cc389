/**
 * The page as people meet it: every view and every state of an archive, by mouse and keyboard, over a scripted backend
 * and the real web shell. `accessibility.test.ts` looks at the same with axe.
 */
import { describe, expect, test } from 'vitest'
import type { ArchiveRow } from '../../preload/contract/models.ts'
import { changedFiles, HUGE, keyOf, names, numbers, peers } from './fixtures.ts'
import { axe, browserPages, go, type Opened } from './page.ts'

const open = browserPages()

/** Waits until the page has asked the backend for this last. */
function asked(backend: Opened['backend'], name: string, input: object): Promise<void> {
  return expect.poll(() => backend.calls.at(-1)).toMatchObject({ name, input })
}

const at = (number: number, rest = 'files/') => `#/archive/${keyOf(number)}/${rest}`
const link = `hyper://${keyOf(77)}`

describe('opening', () => {
  test('each state says what it is', async () => {
    const { page } = await open()
    const main = page.getByRole('main')
    for (const [name, title, text] of [
      ['looking', 'Looking for peers…', 'Connecting to 3 machines that say so'],
      ['reading', 'Connected, reading the list…', 'Connected to 1 peer'],
      ['nobody', 'Nobody who has this is reachable now', 'nobody announces this archive'],
      ['offline', 'You are offline', 'no way to the network'],
      ['silent', 'The network does not answer', 'firewall'],
      ['strict', 'Somebody has this, but no connection succeeds', '2 machines announce it'],
      ['asleep', 'Whoever announced this does not answer', 'off or asleep'],
      ['lacks', 'Connected, but they do not have it yet', 'wait for it as well'],
      ['secret', 'This archive is private', 'is not the right one'],
      ['consent', 'Nothing is looked up before you agree', 'can see the address of yours'],
      ['empty', 'This archive is empty', 'found and read'],
    ] as const) {
      await go(page, at(numbers[name]))
      await main.getByRole('heading', { name: title }).waitFor()
      await main.getByText(text).waitFor()
    }
  })

  test('after a while it is said what is going on, and something better than waiting is offered', async () => {
    const { page, backend } = await open({ at: at(numbers.reading) })
    const main = page.getByRole('main')
    backend.change(numbers.reading, { state: { name: 'reading', since: Date.now() - 3000, peers: 1 } })
    await main.getByText('the first part of the list has not come yet').waitFor()
    expect(await main.getByRole('button', { name: 'Watch for it' }).count()).toBe(0)
    await go(page, at(numbers.looking))
    await main.getByText('3 machines announce it, and Cairn is connecting. 1 of 3 could not be reached').waitFor()
    await main.getByRole('button', { name: 'Watch for it' }).click()
    await expect
      .poll(() => backend.calls.at(-1))
      .toMatchObject({
        name: 'archives.tellWhenFound',
        input: { tell: true },
      })
    backend.change(numbers.looking, { watched: { since: Date.now(), foundAt: null } })
    await main.getByRole('button', { name: 'Stop watching' }).waitFor()
    await main.getByText('You are told as soon as it is found').waitFor()
  })

  test('what became of a history is said, and what each answer costs', async () => {
    const { page, backend } = await open({ at: at(numbers.conflict) })
    const main = page.getByRole('main')
    await main.getByText('Two different histories of this archive exist').waitFor()
    await main.getByText('the same up to version 38').waitFor()
    const saved = page.waitForEvent('download')
    await main.getByRole('button', { name: 'Save the proof…' }).click()
    expect((await saved).suggestedFilename()).toBe('ybndrfg8.cairn-warrant')
    // Frozen, and shown all the same.
    await main.getByText('IMG_2041.jpg').first().waitFor()
    const taken = { kind: 'taken-back', what: 'versions', common: 40, here: 100, newest: 101 } as const
    backend.change(numbers.conflict, { author: 'Ana', rewritten: { ...taken, answer: 'asked' } })
    await main.getByText('Ana took back versions 41–100 and wrote other ones').waitFor()
    await main.getByText('loses versions 41–100 for good').waitFor()
    await main.getByRole('button', { name: 'Stay on what I have' }).click()
    await asked(backend, 'archives.answerRewrite', { follow: false })
    backend.change(numbers.conflict, { rewritten: { ...taken, answer: 'stays' } })
    await main.getByText('You stay on version 100').waitFor()
    await main.getByRole('button', { name: 'Follow' }).click()
    await asked(backend, 'archives.answerRewrite', { follow: true })
    const forked = { kind: 'forked', common: 38, here: 42, proof: true, mended: null, answer: 'asked' } as const
    backend.change(numbers.conflict, { ownership: 'yours', rewritten: forked })
    await main.getByRole('button', { name: 'Mend it…' }).click()
    await page.getByRole('radio', { name: 'What both have (version 38)' }).click()
    await page.getByText('Versions 39–42 of this machine are given up as well').waitFor()
    await page.getByRole('button', { name: 'Mend it on this machine' }).click()
    await asked(backend, 'archives.repair', { version: 38 })
  })

  test('what was watched for and found is told, also to a page that came later', async () => {
    const { page, backend } = await open({ at: at(numbers.holiday) })
    backend.change(numbers.away, { state: { name: 'found' }, watched: { since: 1, foundAt: Date.now() } })
    const told = page.getByRole('status').filter({ hasText: 'Grandfather’s slides was found' })
    await told.getByRole('button', { name: 'Open' }).waitFor()
    await page.reload()
    await told.getByRole('button', { name: 'Open' }).waitFor()
  })

  test('what was known before stays to be looked at while nobody is there', async () => {
    const { page, backend } = await open({ at: at(numbers.away) })
    await page.getByText('You see what was known last').waitFor()
    await page.getByRole('row', { name: /README/ }).waitFor()
    await page.getByRole('button', { name: 'Look again now' }).click()
    await expect
      .poll(() => backend.calls)
      .toContainEqual({ name: 'archives.retry', input: { key: keyOf(numbers.away) } })
  })

  test('an unfound archive shows its files by itself as soon as it is found', async () => {
    const { page, backend } = await open({ at: at(numbers.nobody) })
    await page.getByRole('heading', { name: 'Nobody who has this is reachable now' }).waitFor()
    backend.change(numbers.nobody, { state: { name: 'found' }, length: 12, files: 21, peers: 1 })
    await page.getByRole('row', { name: /README/ }).waitFor()
  })

  test('nothing is looked up before the person agreed; a no leaves everything as it is', async () => {
    const { page, backend } = await open({ empty: true })
    const field = page.getByRole('textbox', { name: 'Open a link' })
    await field.fill(link)
    await field.press('Enter')
    await page.getByRole('button', { name: 'Not now' }).click()
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    expect(backend.calls).toEqual([])
    await field.press('Enter')
    await page.getByRole('button', { name: 'I understand, connect' }).click()
    await expect.poll(() => backend.calls.map(call => call.name)).toEqual(['settings.update', 'archives.open'])
  })

  test('who agreed long ago and pastes before the page knows it is not asked again', async () => {
    const { page, backend } = await open()
    const known = backend.settings.get('settings')!
    backend.settings.clear()
    await page.reload()
    const field = page.getByRole('textbox', { name: 'Open a link' })
    await field.fill(link)
    await field.press('Enter')
    await page.getByText('Looking it up…').waitFor()
    expect(await page.getByRole('dialog').count()).toBe(0)
    backend.settings.put(known)
    await expect.poll(() => backend.calls.map(call => call.name)).toEqual(['archives.open'])
  })

  test('a link pasted with no field in focus is opened', async () => {
    const { page, backend } = await open()
    await page.evaluate(text => navigator.clipboard.writeText(text), `  <${link}>.`)
    await page.getByRole('main').click({ position: { x: 5, y: 5 } })
    await page.keyboard.press('Control+v')
    await expect.poll(() => backend.calls.map(call => call.name)).toContain('archives.open')
  })

  test('a whole invitation that is pasted opens the link in it', async () => {
    const { page, backend } = await open()
    const text = `I am sharing “Holiday” with you:\n${link}\n\nTo open it you need Cairn. Paste the link there.`
    await page.evaluate(text => navigator.clipboard.writeText(text), text)
    await page.getByRole('main').click({ position: { x: 5, y: 5 } })
    await page.keyboard.press('Control+v')
    await expect.poll(() => backend.calls).toContainEqual({ name: 'archives.open', input: { link } })
  })

  test('a link from the system asks first', async () => {
    const { page, backend } = await open({ at: `#/ask?link=${encodeURIComponent(link)}` })
    await page.getByRole('heading', { name: 'Open this archive?' }).waitFor()
    await page.getByText(link).waitFor()
    expect(backend.calls).toEqual([])
    await page.getByRole('button', { name: 'Look it up' }).click()
    await expect.poll(() => backend.calls).toContainEqual({ name: 'archives.open', input: { link } })
  })

  test('what is no link is told at its field before anybody is asked to be seen, until something else is typed', async () => {
    const { page, backend } = await open({ empty: true })
    const field = page.getByRole('textbox', { name: 'Open a link' })
    await field.fill('hello there')
    await field.press('Enter')
    const why = page.getByRole('alert').filter({ hasText: 'This is not a link to an archive' })
    await why.waitFor()
    expect(await page.getByRole('dialog').count()).toBe(0)
    expect(await page.getByRole('button', { name: /^Dismiss/ }).count()).toBe(0)
    expect(await field.evaluate(input => input === document.activeElement)).toBe(true)
    await field.fill('hello')
    await why.waitFor({ state: 'detached' })
    expect(backend.calls).toEqual([])
  })

  test('what was said of a wrong link is over when the right one is opened, and can be read again', async () => {
    const { page } = await open({ at: '#/ask?link=hyper%3A%2F%2Fstone' })
    await page.getByRole('button', { name: 'Look it up' }).click()
    const why = page.getByRole('alert').getByText('This is not a link to an archive')
    await why.waitFor()
    const field = page.getByRole('textbox', { name: 'Open a link' })
    await field.fill(link)
    await field.press('Enter')
    await why.waitFor({ state: 'detached' })
    await page.getByRole('button', { name: /^Messages/ }).click()
    await page.getByRole('dialog', { name: 'Messages' }).getByText('This is not a link to an archive').waitFor()
  })
})

describe('files', () => {
  test('100,000 are shown page by page, and scrolled through', async () => {
    const { page, backend } = await open({ at: at(numbers.huge) })
    await page.getByRole('row', { name: /sky-000000/ }).waitFor()
    expect(backend.pagesRead).toBeLessThanOrEqual(2)
    expect(await page.getByRole('row').count()).toBeLessThan(80)
    const grid = page.getByRole('grid')
    await grid.evaluate(element => element.scrollTo(0, 900 * 32))
    await page.getByRole('row', { name: /sky-000905/ }).waitFor()
    await expect.poll(() => grid.evaluate(element => element.scrollHeight)).toBeGreaterThan(1600 * 32)
    await grid.evaluate(element => element.scrollTo(0, 1500 * 32))
    await page.getByRole('row', { name: /sky-001505/ }).waitFor()
    expect(backend.pagesRead).toBeLessThan(6)
  })

  test('sorting a long folder reads the rest first, says so, and can be stopped', async () => {
    const { page, backend } = await open({ at: at(numbers.huge) })
    await page.getByRole('row', { name: /sky-000000/ }).waitFor()
    await page.getByRole('columnheader', { name: 'Size' }).getByRole('button').click()
    await page.getByText('Reading the rest of this folder to sort it').waitFor()
    await page.getByRole('button', { name: 'Stop' }).click()
    await page.getByText('Reading the rest of this folder to sort it').waitFor({ state: 'detached' })
    expect(await page.getByRole('columnheader', { name: 'Size' }).getAttribute('aria-sort')).toBe('none')
    await page.getByRole('columnheader', { name: 'Size' }).getByRole('button').click()
    await expect
      .poll(() => page.getByRole('columnheader', { name: 'Size' }).getAttribute('aria-sort'), { timeout: 60_000 })
      .toBe('descending')
    expect(await page.getByRole('grid').getAttribute('aria-rowcount')).toBe(String(HUGE + 1))
    expect(backend.pagesRead).toBeGreaterThanOrEqual(HUGE / 1000)
  }, 120_000)

  test('folders come first, numbers count, and the order can be turned', async () => {
    const { page } = await open({ at: at(numbers.mixes) })
    const first = page.getByRole('grid').locator('[data-index] >> nth=0')
    await page.getByRole('row', { name: /^Day 10/ }).waitFor()
    const rows = await page
      .getByRole('grid')
      .locator('[data-index]')
      .evaluateAll(list => list.slice(0, 4).map(row => row.querySelector('.sr-only')?.textContent))
    expect(rows).toEqual(['Day 1', 'Day 2', 'Day 10', 'tracks'])
    await page.getByRole('columnheader', { name: 'Name' }).getByRole('button').click()
    await expect.poll(() => first.textContent()).toContain('tracks')
  })

  test('hostile names hide nothing and touch nothing beside them', async () => {
    const { page } = await open({ at: at(numbers.mixes) })
    const row = page.getByRole('row', { name: /invoice\[U\+202E\]fdp\.exe/ })
    await row.waitFor()
    expect(await row.textContent()).not.toContain('\u202E')
    await page.getByRole('row', { name: /pass\[U\+200B\]word\.txt/ }).waitFor()
    const long = page.getByRole('row', { name: new RegExp(names.long.slice(0, 40)) })
    expect(await long.locator('bdi').first().getAttribute('title')).toBe(names.long)
    const box = await long.locator('bdi').first().boundingBox()
    const size = await long.getByText('5 TB').boundingBox()
    expect((box?.x ?? 0) + (box?.width ?? 0)).toBeLessThanOrEqual(size?.x ?? 0)
  })

  test('everything by keyboard: letters, arrows, ranges, folders and back', async () => {
    const { page, backend } = await open({ at: at(numbers.mixes) })
    const grid = page.getByRole('grid')
    await page.getByRole('row', { name: /^Day 10/ }).waitFor()
    await grid.focus()
    await page.keyboard.type('read')
    await page.getByRole('row', { name: /README/, selected: true }).waitFor()
    await page.keyboard.press('Shift+ArrowDown')
    await expect.poll(() => page.getByRole('row', { selected: true }).count()).toBe(2)
    await page.getByRole('button', { name: 'Download 2 items…' }).waitFor()
    await page.keyboard.press('Escape')
    await expect.poll(() => page.getByRole('row', { selected: true }).count()).toBe(0)
    await page.keyboard.press('Home')
    await page.keyboard.press('Enter')
    await page.getByRole('row', { name: /coffee\.jpg/ }).waitFor()
    await page.getByRole('grid').focus()
    await page.keyboard.press('Alt+ArrowUp')
    await page.getByRole('row', { name: /Day 1/, selected: true }).first().waitFor()
    await page.goBack()
    await page.getByRole('row', { name: /coffee\.jpg/ }).waitFor()
    expect(backend.calls.filter(call => call.name === 'read.download')).toEqual([])
  })

  test('space shows the file large, and arrows go on from there', async () => {
    const { page } = await open({ at: at(numbers.mixes) })
    await page.getByRole('row', { name: /README/ }).click()
    await page.keyboard.press('Space')
    await page.getByRole('dialog', { name: 'README.md' }).getByText('upon a stone').waitFor()
    await page.keyboard.press('ArrowRight')
    await page.getByRole('dialog', { name: 'run.sh' }).waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    await expect.poll(() => page.evaluate(() => document.activeElement?.getAttribute('role'))).toBe('grid')
  })

  test('a selection is downloaded into the folder that was chosen', async () => {
    const { page, backend } = await open({ at: at(numbers.mixes, 'files/?version=42') })
    await page.getByRole('row', { name: /README/ }).click()
    await page.getByRole('row', { name: /run\.sh/ }).click({ modifiers: ['Control'] })
    await page.getByRole('button', { name: 'Download 2 items…' }).click()
    await page.getByRole('menuitem', { name: /^To a folder/ }).click()
    await page.getByRole('button', { name: 'Choose this folder' }).click()
    await expect
      .poll(() => backend.calls)
      .toContainEqual({
        name: 'read.download',
        input: {
          key: keyOf(numbers.mixes),
          version: 42,
          paths: ['/README.md', '/run.sh'],
          folder: '/home/mia',
          overwrite: false,
        },
      })
    await page.getByText('Download started').waitFor()
  })

  test('a change by the author shows without a reload, and leaves what was chosen', async () => {
    const { page, backend } = await open({ at: at(numbers.mixes) })
    await page.getByRole('row', { name: /README/ }).click()
    const [file] = backend.entries.filter(entry => entry.path === '/README.md')
    if (file === undefined) throw new Error('The fixtures have it')
    backend.entries = [...backend.entries, { ...file, path: '/brand new.txt', name: 'brand new.txt' }]
    backend.change(numbers.mixes, { length: 58 })
    await page.getByRole('row', { name: /brand new/ }).waitFor()
    await page.getByRole('row', { name: /README/, selected: true }).waitFor()
  })

  test('the mark of a file follows what is on this device', async () => {
    const { page, backend } = await open({ at: at(numbers.mixes) })
    const row = page.getByRole('row', { name: /map\.pdf/ })
    await row.getByTitle(/^Not on this device/).waitFor()
    backend.entries = backend.entries.map(entry => (entry.name === 'map.pdf' ? { ...entry, held: 'all' } : entry))
    backend.change(numbers.mixes, { held: { blocks: 450, ofBlocks: 480, bytes: 1, ofBytes: 2 } })
    backend.availability.put({ ...backend.availability.get(keyOf(numbers.mixes))!, connected: 2 })
    await row.getByText('only you').waitFor()
    await row.getByTitle(/^On this device/).waitFor()
  })

  test('a link to a file shows it in its folder', async () => {
    const { page } = await open({ at: at(numbers.mixes, 'files/README.md') })
    await page.getByRole('row', { name: /README/, selected: true }).waitFor()
    expect(new URL(page.url()).hash).toContain('file=')
  })
})

describe('following', () => {
  test('looking at what is new is noted, it is told as one changeset, and stays marked while one looks', async () => {
    const { page, backend } = await open({ at: at(numbers.mixes) })
    const library = page.getByRole('navigation', { name: 'Library' })
    const mixes = library.getByRole('button', { name: /2 added, 1 changed, 1 renamed, 1 removed since you looked/ })
    await mixes.getByText('5', { exact: true }).waitFor()
    const seen = { name: 'archives.markSeen', input: { key: keyOf(numbers.mixes), length: 57 } }
    // Its files alone do not tell what is new.
    await page.getByRole('row', { name: /README/ }).waitFor()
    expect(backend.calls).not.toContainEqual(seen)
    await page.getByRole('tab', { name: /Changes.*5 new since you looked/ }).click()
    const fresh = page.getByRole('region', { name: 'New since you looked' })
    await fresh.getByText('2 added, 1 changed, 1 renamed, 1 removed; 4.1 MB not on this device').waitFor()
    await expect.poll(() => fresh.getByRole('listitem').count()).toBe(changedFiles.length)
    await expect.poll(() => backend.calls).toContainEqual(seen)
    await mixes.waitFor({ state: 'detached' })
    await fresh.getByText('October, rough.flac').first().waitFor()
  })

  test('changes of several archives are told in one notification, one of a single archive leads to them', async () => {
    const { page, backend, context } = await open()
    await context.grantPermissions(['notifications'])
    backend.settings.put({ ...backend.settings.get('settings')!, notify: true })
    await page.evaluate(() => {
      document.hasFocus = () => false
      const shown: { title: string; body: string; target: EventTarget }[] = []
      class Shown extends EventTarget {
        static permission = 'granted'
        constructor(title: string, { body }: { body: string }) {
          super()
          shown.push({ title, body, target: this })
        }
      }
      Object.assign(window, { Notification: Shown, shown })
    })
    await page.clock.install()
    const told = () =>
      page.evaluate(() =>
        (window as unknown as { shown: readonly { title: string; body: string }[] }).shown.map(({ title, body }) => ({
          title,
          body,
        })),
      )
    const news = { added: 3, changed: 1, removed: 0, renamed: 0, more: false }
    const library = page.getByRole('navigation', { name: 'Library' })
    const change = async (number: number, title: string, length: number, more: Partial<ArchiveRow> = {}) => {
      backend.change(number, { title, length, seenLength: 42, news, ...more })
      await library
        .getByRole('button', { name: new RegExp(`^${title}.*3 added, 1 changed since you looked`) })
        .waitFor()
    }
    await change(numbers.mixes, 'Mixes', 60)
    await change(numbers.mixes, 'Mixes', 61)
    await page.clock.runFor(3000)
    await change(numbers.huge, 'Huge', 60)
    await change(numbers.rtl, 'Unheard', 60, { notify: false })
    expect(await told()).toEqual([])
    await page.clock.runFor(5000)
    const first = { title: '2 archives changed', body: 'Mixes: 3 added, 1 changed.\nHuge: 3 added, 1 changed.' }
    expect(await told()).toEqual([first])
    // Told once, until the person has looked.
    await change(numbers.mixes, 'Mixes again', 62)
    await page.clock.runFor(20_000)
    expect(await told()).toEqual([first])
    backend.change(numbers.mixes, { seenLength: 62, news: null })
    await library.getByRole('button', { name: /^Mixes again.*since you looked/ }).waitFor({ state: 'detached' })
    // Whoever looks at the screen reads it, so that it names no private one.
    await change(numbers.mixes, 'Mixes at last', 63, { seenLength: 62, private: true })
    await page.clock.runFor(20_000)
    expect(await told()).toEqual([first, { title: 'A private archive', body: '3 added, 1 changed.' }])
    await page.evaluate(() =>
      (window as unknown as { shown: readonly { target: EventTarget }[] }).shown[1]!.target.dispatchEvent(
        new Event('click'),
      ),
    )
    await page.getByRole('heading', { name: 'Mixes at last', level: 1 }).waitFor()
    await page.getByRole('tab', { name: /^Changes/, selected: true }).waitFor()
  })

  test('whether a browser shows notifications is asked with a gesture, and a no is explained', async () => {
    const { page, backend } = await open()
    await page.evaluate(() => {
      const state = { permission: 'default', asked: 0 }
      class Asking extends EventTarget {
        static get permission() {
          return state.permission
        }
        static async requestPermission() {
          state.asked++
          state.permission = 'denied'
          return state.permission
        }
      }
      Object.assign(window, { Notification: Asking, asking: state })
    })
    backend.settings.put({ ...backend.settings.get('settings')!, notify: true })
    await page.keyboard.press('Control+,')
    await page.getByText('it asks you first').waitFor()
    expect(await page.evaluate(() => (window as unknown as { asking: { asked: number } }).asking.asked)).toBe(0)
    await page.getByRole('button', { name: 'Allow…' }).click()
    await page.getByText('was told to show none of this page').waitFor()
    expect(await axe(page)).toEqual([])
  })

  test('an earlier version is browsed, said to be one, and left again', async () => {
    const { page } = await open({ at: at(numbers.mixes, 'changes/') })
    await page.getByRole('button', { name: /2 changed, 2 removed/ }).click()
    await page.getByRole('button', { name: 'Browse as of then' }).click()
    await page.getByText(/You are looking at version 42 of/).waitFor()
    await page.getByRole('button', { name: 'Back to now' }).click()
    await page.getByText(/You are looking at version/).waitFor({ state: 'detached' })
  })

  test('a link to a version is copied', async () => {
    const { page } = await open({ at: at(numbers.mixes, 'changes/') })
    await page.getByRole('button', { name: /2 changed, 2 removed/ }).click()
    await page.getByRole('button', { name: 'Copy link to this version' }).click()
    await page.getByText('Link to version 42 copied').waitFor()
    expect(await page.evaluate(() => navigator.clipboard.readText())).toContain('+42.')
  })
})

describe('peers', () => {
  test('the sentence says how it stands, until when that is true, and what to do', async () => {
    const { page, backend } = await open({ at: at(numbers.holiday, 'peers/') })
    const standing = page.getByRole('region', { name: 'Will it be there' })
    await standing.getByText('Only you hold 212 files (1.4 GB); 2 others hold the rest.').waitFor()
    await standing.getByText('ask a friend to keep this archive', { exact: false }).waitFor()
    await standing.getByText('one was seen 3 hours ago', { exact: false }).waitFor()
    const known = backend.availability.get(keyOf(numbers.holiday))!
    const safe = { name: 'safe', others: 1 } as const
    backend.availability.put({ ...known, now: safe, remembered: safe, connected: 1, away: 0, lastContact: null })
    await standing.getByText('Safe to close: one other holds all of it.').waitFor()
    const more = { name: 'safe', others: 2 } as const
    backend.availability.put({ ...known, now: more, remembered: more, connected: 2, away: 0, lastContact: null })
    await standing.getByText('Safe to close: 2 others hold all of it.').waitFor()
    // Nor is it read aloud any more.
    expect(await standing.getByText('one other holds').count()).toBe(0)
    backend.availability.put({ ...known, now: known.now, remembered: safe, connected: 0, away: 1 })
    await standing.getByText('Nobody is connected. When they were seen last, one other held all of it.').waitFor()
    await standing.getByText('The last contact was 3 hours ago.').waitFor()
    backend.peers.clear()
    await page.getByRole('heading', { name: 'Nobody is connected' }).waitFor()
  })

  test('a friend’s archive that one other holds offers to be kept, and no longer once it is', async () => {
    const { page, backend } = await open({ at: at(numbers.mixes, 'peers/') })
    const standing = page.getByRole('region', { name: 'Will it be there' })
    const own = backend.availability.get(keyOf(numbers.holiday))!
    const known = { ...own, id: keyOf(numbers.mixes), away: 0, lastContact: null }
    const [one, two] = [{ name: 'safe', others: 1 } as const, { name: 'safe', others: 2 } as const]
    backend.change(numbers.mixes, { keeping: { how: 'look' } })
    backend.availability.put({ ...known, now: two, remembered: two, connected: 2 })
    await standing.getByText('Safe to close: 2 others hold all of it.').waitFor()
    expect(await standing.getByRole('button', { name: 'Keep all of it' }).count()).toBe(0)
    backend.availability.put({ ...known, now: one, remembered: one, connected: 1 })
    await standing.getByRole('button', { name: 'Keep all of it' }).click()
    const kept = { name: 'archives.keep', input: { key: keyOf(numbers.mixes), keep: true } }
    await expect.poll(() => backend.calls).toContainEqual(kept)
    backend.change(numbers.mixes, { keeping: { how: 'all' } })
    await standing.getByRole('button', { name: 'Keep all of it' }).waitFor({ state: 'detached' })
    expect(await page.getByRole('button', { name: 'Keep', exact: true }).count()).toBe(0)
  })

  test('parts of the bar are told by keys, and people get names', async () => {
    const { page, backend } = await open({ at: at(numbers.holiday, 'peers/') })
    const bar = page.getByRole('slider', { name: 'Parts of this archive' })
    await bar.press('End')
    await expect
      .poll(() => bar.getAttribute('aria-valuetext'))
      .toBe('Part 256 of 256: some of it nobody else holds now, it is on this device')
    await bar.press('Home')
    await page.getByText(': 2 others hold all of it, it is on this device').waitFor()
    const holders = page.getByRole('region', { name: 'Who holds what' })
    await holders.getByText('Ana', { exact: true }).first().waitFor()
    await holders.getByText('last seen 3 hours ago · keeps all of it').waitFor()
    await holders.getByRole('button', { name: new RegExp(`^Name ${keyOf(102).slice(0, 8)}`) }).click()
    await page.getByRole('dialog', { name: 'Who is this?' }).getByRole('textbox', { name: 'Name' }).fill('Bob')
    await page.keyboard.press('Enter')
    await holders.getByText('Bob', { exact: true }).first().waitFor()
    expect(backend.calls.at(-1)).toEqual({ name: 'names.set', input: { id: keyOf(102), name: 'Bob' } })
    await page.getByRole('button', { name: 'Rarest files' }).click()
    await page.getByRole('button', { name: /README\.md/ }).click()
    await page.getByRole('row', { name: /README/, selected: true }).waitFor()
  })
})

describe('archives of yours', () => {
  test('files that vanished are removed only after a yes', async () => {
    const { page, backend } = await open({ at: at(numbers.asks) })
    await page.getByText('1,204 of 1,310 files are gone from its folder').waitFor()
    await page.getByRole('button', { name: 'Leave them in it' }).click()
    await expect
      .poll(() => backend.calls)
      .toContainEqual({ name: 'publish.answerRemoval', input: { key: keyOf(numbers.asks), remove: false } })
  })

  test('forgetting says what it cannot undo, and does nothing on a no', async () => {
    const { page, backend } = await open({ at: at(numbers.holiday) })
    const ask = async () => {
      await page.getByRole('button', { name: 'More' }).click()
      await page.getByRole('menuitem', { name: 'Stop sharing…' }).click()
      await page.getByRole('dialog').getByText('Copies that others hold cannot be called back').waitFor()
    }
    await ask()
    await page.getByRole('button', { name: 'Cancel' }).click()
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    expect(backend.calls.map(call => call.name)).not.toContain('archives.forget')
    await ask()
    await page.getByRole('button', { name: 'Stop sharing and forget' }).click()
    await expect.poll(() => backend.calls.map(call => call.name)).toContain('archives.forget')
    await page.getByRole('heading', { name: 'Library' }).waitFor()
  })

  test('are described, and the invitation carries the link', async () => {
    const { page, backend } = await open({ at: at(numbers.holiday, 'about/') })
    await page.getByRole('textbox', { name: 'Title' }).fill('A week in June')
    await page.getByRole('button', { name: 'Save' }).click()
    await expect.poll(() => backend.calls.map(call => call.name)).toContain('archives.describe')
    await page.getByRole('heading', { name: 'A week in June', level: 1 }).waitFor()
    await page.getByRole('button', { name: 'Share', exact: true }).click()
    await page.getByRole('menuitem', { name: /Copy invitation/ }).click()
    await page.getByText('Invitation copied').waitFor()
    const text = await page.evaluate(() => navigator.clipboard.readText())
    expect(text).toContain(`hyper://${keyOf(numbers.holiday)}`)
    expect(text).toContain('A week in June')
  })
})

describe('the connection', () => {
  test('a loss is said, what was known stays without false claims, and it heals by itself', async () => {
    const { page, backend } = await open({ at: at(numbers.mixes) })
    await page.getByRole('row', { name: /README/ }).waitFor()
    let down = true
    let tries = 0
    await page.route('**/session', route => {
      tries++
      return down ? route.abort() : route.continue()
    })
    backend.hangUp()
    await page.getByRole('status').getByText('Cairn is not running').waitFor()
    await page.getByRole('row', { name: /README/ }).waitFor()
    await page
      .getByRole('contentinfo')
      .or(page.getByRole('complementary', { name: 'Library' }))
      .first()
      .getByText('Cairn is not running')
      .first()
      .waitFor()
    backend.change(numbers.mixes, { title: 'Ana’s other mixes' })
    const before = tries
    await page.getByRole('button', { name: 'Try now' }).click()
    await expect.poll(() => tries).toBeGreaterThan(before)
    down = false
    await page.getByRole('heading', { name: 'Ana’s other mixes', level: 1 }).waitFor()
    await page.getByText('reconnecting').waitFor({ state: 'detached' })
  })

  test('the token is gone from the address, and a used address is explained', async () => {
    const { page, server, context } = await open()
    expect(page.url()).not.toContain('token')
    await page.reload()
    await page.getByRole('heading', { name: 'Library' }).waitFor()
    await context.clearCookies()
    const other = await context.newPage()
    await other.goto(server.url)
    await other.getByRole('heading', { name: 'This address does not open Cairn any more' }).waitFor()
    expect(await axe(other)).toEqual([])
  })
})

describe('the window', () => {
  test('settings take effect at once', async () => {
    const { page, backend } = await open()
    await page.keyboard.press('Control+,')
    await page.getByRole('radio', { name: 'Dark' }).click()
    await expect.poll(() => page.evaluate(() => document.documentElement.dataset.theme)).toBe('dark')
    await expect.poll(() => backend.calls).toContainEqual({ name: 'settings.update', input: { theme: 'dark' } })
  })

  test('limits are read as they are typed, with their unit, and hold at some times', async () => {
    const { page, backend } = await open()
    const { limits } = backend.settings.get('settings')!
    const said = (input: unknown) => expect.poll(() => backend.calls.at(-1)).toEqual({ name: 'settings.update', input })
    await page.keyboard.press('Control+,')
    const dialog = page.getByRole('dialog', { name: 'Settings' })
    await dialog.getByLabel('Send', { exact: true }).fill('1.5')
    await page.keyboard.press('Tab')
    await said({ limits: { ...limits, up: 1_500_000 } })
    await dialog.getByLabel('Unit of: Send', { exact: true }).selectOption('kB/s')
    await dialog.getByText('10 kB/s at least.').waitFor()
    await dialog.getByLabel('Send', { exact: true }).fill('250')
    await page.keyboard.press('Enter')
    await said({ limits: { ...limits, up: 250_000 } })
    await dialog.getByLabel('Receive', { exact: true }).fill('')
    await page.keyboard.press('Tab')
    await said({ limits: { ...limits, up: 250_000, down: null } })
    await dialog.getByRole('button', { name: 'Sun', pressed: false }).click()
    const [night] = limits.schedule
    await said({ limits: { ...limits, up: 250_000, down: null, schedule: [{ ...night, days: [5, 6, 0] }] } })
    await dialog.getByRole('button', { name: 'Remove these times' }).click()
    await said({ limits: { ...limits, up: 250_000, down: null, schedule: [] } })
  })

  test('everything is paused and goes on where the network is told of, and it is said while it is so', async () => {
    const { page, backend } = await open()
    await page.getByRole('button', { name: 'Pause everything' }).click()
    await expect.poll(() => backend.settings.get('settings')!.paused).toBe(true)
    backend.network.put({ ...backend.network.get('network')!, state: { name: 'paused' }, peers: 0 })
    await page.getByRole('button', { name: 'All paused' }).click()
    await page.getByRole('main').getByRole('button', { name: 'Go on' }).waitFor()
    await page.keyboard.press('Control+k')
    await page.getByRole('combobox').fill('go on with every')
    await page.keyboard.press('Enter')
    await expect.poll(() => backend.settings.get('settings')!.paused).toBe(false)
  })

  test('peers are sorted by what their columns say, and called what the person calls them', async () => {
    const { page, backend } = await open({ at: `#/archive/${keyOf(numbers.holiday)}/peers/` })
    const table = page.getByRole('region', { name: 'Connected peers' })
    const first = () => table.getByRole('rowheader').first().innerText()
    const fixed = [...peers].sort((a, b) => b.rateDown - a.rateDown)[0]!
    backend.names.put({ id: fixed.id, name: 'Ana at home' })
    await table.getByRole('button', { name: 'Receiving' }).click()
    await expect.poll(first).toContain('Ana at home')
    await table.getByRole('columnheader', { name: 'Receiving' }).and(page.locator('[aria-sort=descending]')).waitFor()
    await table.getByRole('button', { name: 'Receiving' }).click()
    await expect.poll(first).not.toContain('Ana at home')
  })

  test('the palette finds archives and commands', async () => {
    const { page } = await open()
    await page.keyboard.press('Control+k')
    await page.getByRole('combobox').fill('ana mix')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'Ana’s mixes', level: 1 }).waitFor()
  })

  test('narrow windows keep the library one click away', async () => {
    const { page } = await open({ width: 420, height: 800 })
    await page.getByRole('button', { name: 'Library' }).click()
    await page
      .getByRole('navigation', { name: 'Library' })
      .getByRole('button', { name: /Thesis/ })
      .click()
    await page.getByRole('heading', { name: 'Thesis', level: 1 }).waitFor()
    await page.getByRole('dialog').waitFor({ state: 'detached' })
  })
})

describe('what is kept here', () => {
  const shots = process.env['CAIRN_SHOTS']
  const shown = async (page: Opened['page'], name: string) => {
    expect(await axe(page, { withoutLibrary: true })).toEqual([])
    if (shots !== undefined) await page.screenshot({ path: `${shots}/${name}.png` })
  }

  test('parts are chosen in the list and in the menu, updates are answered, and a paused archive says so', async () => {
    const { page, backend } = await open({ at: at(numbers.mixes) })
    backend.change(numbers.mixes, { keeping: { how: 'look' } })
    await page.getByRole('row', { name: /README/ }).click({ button: 'right' })
    await page.getByRole('menuitem', { name: /Keep it here/ }).click()
    await asked(backend, 'archives.keepParts', { patterns: ['/README.md'] })
    backend.change(numbers.mixes, { keeping: { how: 'parts', patterns: ['/README.md', '/photos/'] } })
    await page.getByRole('button', { name: 'More' }).click()
    await page.getByRole('menuitemradio', { name: /Keep other parts/ }).waitFor()
    await shown(page, 'menu')
    await page.getByText('Keep other parts…').click()
    const patterns = page.getByRole('textbox', { name: /Folders, files and patterns/ })
    await patterns.fill('/photos/\n!/photos/raw/')
    await shown(page, 'parts')
    await page.getByRole('button', { name: 'Keep these' }).click()
    await asked(backend, 'archives.keepParts', { patterns: ['/photos/', '!/photos/raw/'] })

    const counts = { added: 2, changed: 8, removed: 190, renamed: 0, of: 214 }
    const pending = { to: 45, why: 'removes', ...counts, bytes: 40_000_000 } as const
    const updates = {
      askFirst: false,
      growth: 5_000_000_000,
      kept: 42,
      chosen: null,
      pending: { ...pending, stays: false },
    }
    backend.change(numbers.mixes, { keeping: { how: 'all' }, updates, length: 45 })
    await page.getByText('removes or overwrites 198 of 214 files').waitFor()
    await shown(page, 'asks')
    await page.getByRole('button', { name: 'Stay', exact: true }).click()
    await asked(backend, 'archives.answerUpdate', { take: false })
    backend.change(numbers.mixes, { updates: { ...updates, pending: { ...pending, stays: true } } })
    await page.getByText('You stay on version 42').waitFor()
    await shown(page, 'stays')
    await page.getByRole('button', { name: 'Look at the kept version' }).click()
    await page.getByText(/^You are looking at version 42/).waitFor()
    await page.getByRole('button', { name: 'Back to now' }).click()
    await page.getByRole('button', { name: 'More' }).click()
    await page.getByText('Updates…').click()
    await page.getByRole('switch', { name: /Ask me first/ }).click()
    await asked(backend, 'archives.setUpdates', { askFirst: true })
    const limit = page.getByRole('textbox', { name: /in GB/ })
    await limit.fill('0,5')
    await limit.press('Enter')
    await asked(backend, 'archives.setUpdates', { growth: 500_000_000 })
    await limit.fill('many')
    await page.getByText('Write a number of gigabytes').waitFor()
    await shown(page, 'updates')
    await page.keyboard.press('Escape')

    backend.change(numbers.mixes, { paused: true, updates: { ...updates, pending: null } })
    await page.getByText('Nothing of it is fetched').waitFor()
    await shown(page, 'paused')
    await page.getByRole('button', { name: 'Go on' }).click()
    await asked(backend, 'archives.pause', { paused: false })
  })

  test('files of an update are chosen with the keyboard and with the mouse', async () => {
    const { page, backend } = await open({ width: 900, height: 600, at: at(numbers.mixes) })
    const pending = { to: 45, added: 2, changed: 1, removed: 1, renamed: 1, of: 214, bytes: 40_000_000, stays: false }
    const updates = { askFirst: true, growth: null, kept: 42, chosen: null, pending: { ...pending, why: 'ask-first' } }
    backend.change(numbers.mixes, { keeping: { how: 'all' }, updates: updates as ArchiveRow['updates'] })
    await page.getByText(/^Version 45 adds 2 files, changes 1, removes 1, renames 1/).waitFor()
    await shown(page, 'update')
    await page.getByRole('button', { name: 'Choose…' }).click()
    const dialog = page.getByRole('dialog', { name: /^Choose from the update of Ana/ })
    await dialog.getByText('0 of 5 files, 0 bytes to fetch').waitFor()
    const tree = dialog.getByRole('tree', { name: 'Files of the update' })
    const item = (what: RegExp) => tree.getByRole('treeitem', { name: what })
    await tree.focus()
    // The second folder, its first file; then the folder above, which is a mix from then on.
    for (const key of ['ArrowDown', 'ArrowLeft', 'ArrowUp', 'ArrowLeft', 'ArrowDown', 'ArrowRight', 'ArrowRight', ' '])
      await page.keyboard.press(key)
    expect(await item(/^10 October\.flac.*renamed.*was.*October, rough\.flac/).getAttribute('aria-checked')).toBe(
      'true',
    )
    expect(await item(/^2026.*3 files/).getAttribute('aria-checked')).toBe('mixed')
    await shown(page, 'choose')
    await page.keyboard.press('ArrowLeft')
    await page.keyboard.press(' ')
    expect(await item(/^2026.*3 files/).getAttribute('aria-checked')).toBe('true')
    await item(/^README\.md.*changed/).click()
    await dialog.getByText(/^4 of 5 files/).waitFor()
    await dialog.getByRole('searchbox').fill('old')
    await expect.poll(() => tree.getByRole('treeitem').count()).toBe(2)
    await dialog.getByRole('button', { name: 'Take these' }).click()
    await asked(backend, 'archives.chooseUpdate', { to: 45, paths: ['/2026/', '/README.md'] })
    await dialog.waitFor({ state: 'detached' })
    backend.change(numbers.mixes, {
      updates: { ...updates, chosen: 45, pending: { ...pending, why: 'ask-first', stays: true } },
    })
    await page.getByText(/but for what you chose of later ones/).waitFor()
    await page.getByRole('button', { name: 'Take the rest' }).click()
    await asked(backend, 'archives.answerUpdate', { take: true })
  })

  test('10,000 files of an update stay usable', async () => {
    const { page, backend } = await open({ at: at(numbers.mixes) })
    backend.update = Array.from({ length: 10_000 }, (_, index) => ({
      path: `/folder ${index % 40}/${String(index).padStart(5, '0')}.jpg`,
      change: index % 3 === 0 ? 'changed' : 'added',
      from: null,
      before: index % 3 === 0 ? 900_000 : null,
      after: 1_000_000,
      missing: 1_000_000,
    }))
    await page.getByRole('row', { name: /README/ }).waitFor()
    backend.change(numbers.mixes, {
      updates: {
        askFirst: true,
        growth: null,
        kept: 42,
        chosen: null,
        pending: {
          to: 45,
          why: 'ask-first',
          added: 6666,
          changed: 3334,
          removed: 0,
          renamed: 0,
          of: 214,
          bytes: 10_000_000_000,
          stays: false,
        },
      },
    })
    await page.getByRole('button', { name: 'Choose…' }).click()
    const dialog = page.getByRole('dialog')
    const tree = dialog.getByRole('tree')
    await tree.getByRole('treeitem', { name: /^folder 0.*250 files/ }).waitFor()
    expect(await tree.getByRole('treeitem').count()).toBeLessThan(60)
    await dialog.getByRole('button', { name: 'All', exact: true }).click()
    await dialog.getByText('10,000 of 10,000 files, 10 GB to fetch').waitFor()
    await dialog.getByRole('searchbox').fill('09999')
    await tree.getByRole('treeitem', { name: /^09999\.jpg/ }).click()
    await dialog.getByText('9,999 of 10,000 files').waitFor()
    await dialog.getByRole('button', { name: 'Take these' }).click()
    // All folders but one, and the files of that.
    await expect.poll(() => backend.calls.find(({ name }) => name === 'archives.chooseUpdate')).toBeDefined()
    const call = backend.calls.find(({ name }) => name === 'archives.chooseUpdate')!
    expect((call.input as { readonly paths: readonly string[] }).paths).toHaveLength(39 + 249)
  })

  test.each([
    ['light', { width: 900, height: 600 }],
    ['dark, zoomed', { width: 1280, height: 800, zoom: 2, dark: true }],
  ] as const)('what it takes is shown by archives and by folders, and the cache is cleared: %s', async (name, size) => {
    const { page, backend } = await open({ ...size, at: at(numbers.mixes) })
    await page.keyboard.press('Control+,')
    await page.getByRole('button', { name: 'Show…' }).click()
    const dialog = page.getByRole('dialog', { name: 'On this device' })
    await dialog.getByText(/takes 5.3 GB on the disk/).waitFor()
    await shown(page, `device ${name}`)
    await dialog.getByRole('button', { name: 'Clear all of it' }).click()
    await asked(backend, 'disk.clear', { key: null })
    await dialog.getByRole('button', { name: 'Ana’s mixes', exact: true }).click()
    const one = page.getByRole('dialog', { name: /Ana’s mixes on this device/ })
    await one.getByText('Only in older versions').waitFor()
    await shown(page, `one ${name}`)
    await one.getByRole('button', { name: 'photos', exact: true }).click()
    await one.getByRole('button', { name: 'Up' }).click()
    await one.getByRole('button', { name: 'All archives' }).click()
    await dialog.getByRole('button', { name: /^Clear .* Novosibirsk/ }).click()
    await asked(backend, 'disk.clear', { key: keyOf(numbers.huge) })
  })
})
