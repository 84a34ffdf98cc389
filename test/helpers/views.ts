/**
 * Every view of the page, with two real people behind it: axe finds nothing, nothing stands out at the side, and the browser
 * has nothing to complain about.
 */
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { isFound, publish } from './backend.ts'
import { axe, drop, go, type Opened, overflow, type PagePerson, paste, type Stage, startStage } from './browser.ts'
import { writeTree } from './files.ts'
import { film, wav } from './media.ts'
import { pdf, png } from '../renderer-publish/samples.ts'

/** What is clean stays out; what is not is named with its view. */
class Findings {
  readonly all: string[] = []
  readonly #page: Page

  constructor(page: Page) {
    this.#page = page
  }

  async look(view: string): Promise<void> {
    const found = [...(await axe(this.#page))]
    const wide = await overflow(this.#page)
    if (wide > 0) found.push(`${wide} pixels stand out at the side`)
    this.all.push(...found.map(finding => `${view}: ${finding}`))
    if (process.env['CAIRN_SHOTS'])
      await this.#page.screenshot({ path: join(process.env['CAIRN_SHOTS'], `${view.replaceAll(/\W+/g, '-')}.png`) })
  }
}

const nobodysKey = `${'y'.repeat(51)}o`
const longName = `${'A very long name that does not fit anywhere '.repeat(3)}.txt`

/** Ana's archive, which Bob has opened, and one that he knows the link of alone. */
export type Views = {
  readonly stage: Stage
  readonly ana: PagePerson
  readonly bob: PagePerson
  readonly folder: string
  readonly key: string
}

/** Close the stage when it is not needed any more. */
export async function startViews(): Promise<Views> {
  const stage = await startStage()
  const ana = await stage.person()
  const bob = await stage.person()
  const folder = join(await stage.folder('author'), 'Coast')
  await writeTree(folder, {
    'readme.md':
      '# Coast\n\n- [x] tent\n\n| a | b |\n| - | - |\n| 1 | 2 |\n\nSee [the map](https://example.org/map).\n\n```js\nlet a = 1\n```\n',
    'notes.txt': 'Pack the tent.\n',
    'code.ts': 'export const add = (a: number, b: number) => a + b\n',
    'table.csv': 'name,height\nOne,12\nTwo,14\n',
    'bytes.bin': Buffer.from(Array.from({ length: 300 }, (_, at) => at % 256)),
    'picture.png': png(300, 200),
    'book.pdf': pdf(3),
    'film.webm': await film(stage.browser, 2, 500_000),
    'tone.wav': wav(2),
    'photos/beach.png': png(64, 48),
    [longName]: 'long',
    'photos/latest': { link: 'beach.png' },
  })
  const published = await publish(ana, [folder])
  const { key } = published
  await ana.client.archives.describe({ key, title: 'Coast', description: 'Where we were.', author: 'Ana' })
  await bob.client.archives.open({ link: published.link })
  await bob.archive(key, isFound)
  await bob.client.archives.open({ link: `hyper://${nobodysKey}` })
  const { transfer } = await bob.client.read.download({
    key,
    version: null,
    paths: ['/notes.txt'],
    folder: await stage.folder('taken'),
    overwrite: false,
  })
  await bob.transfer(transfer, row => row.state.name === 'done')
  return { stage, ana, bob, folder, key }
}

export const dialog = (page: Page, name: string | RegExp) => page.getByRole('dialog', { name })
export const escape = async (page: Page, name: string | RegExp) => {
  await page.keyboard.press('Escape')
  await dialog(page, name).waitFor({ state: 'detached' })
}

/** Each preview, ready to be looked at when what it waits for is there. */
const previews: readonly (readonly [name: string, ready: (page: Page) => Promise<unknown>])[] = [
  ['readme.md', page => page.getByRole('article').getByRole('heading', { name: 'Coast' }).last().waitFor()],
  ['notes.txt', page => page.getByText('Pack the tent.').last().waitFor()],
  ['code.ts', page => page.getByText('export const add').last().waitFor()],
  ['table.csv', page => page.getByRole('columnheader', { name: 'height' }).last().waitFor()],
  ['bytes.bin', page => page.getByText('These are its bytes', { exact: false }).last().waitFor()],
  ['picture.png', page => page.getByText('300 × 200').last().waitFor()],
  ['book.pdf', page => page.getByText('Page 1 of a small book').last().waitFor({ state: 'attached' })],
  ['film.webm', page => page.locator('video').last().waitFor()],
  ['tone.wav', page => page.locator('audio').last().waitFor()],
]

/** What was found, one line each; empty: nothing. */
export async function walk(
  { stage, ana, bob, folder, key }: Views,
  width: number,
  height: number,
  theme: 'light' | 'dark',
): Promise<readonly string[]> {
  const newcomer = await stage.person({ consented: false })
  const opened: Opened[] = []
  const open = async (person: PagePerson) => {
    await person.client.settings.update({ theme })
    const page = await person.open({ width, height, theme })
    opened.push(page)
    return page
  }
  const findings: string[] = []
  const at = (view: string) => `${view} ${theme} ${width}`

  const n = (await open(newcomer)).page
  const first = new Findings(n)
  await n.getByRole('heading', { name: 'Publish a folder' }).waitFor()
  await first.look(at('home, empty'))
  await paste(n, `hyper://${nobodysKey}`)
  await dialog(n, 'Before you connect').waitFor()
  await first.look(at('consent'))
  await escape(n, 'Before you connect')
  await n.getByRole('button', { name: 'Publish…' }).last().click()
  await dialog(n, 'What do you want to publish?').waitFor()
  await first.look(at('choosing'))
  await n.getByRole('button', { name: /^A folder that stays live/ }).click()
  await dialog(n, 'Choose a folder to publish')
    .getByRole('listbox', { name: 'Folders' })
    .or(n.getByText('There are no folders in here.'))
    .first()
    .waitFor()
  await first.look(at('chooser'))
  await escape(n, 'Choose a folder to publish')
  await drop(n, [folder], { x: width / 2, y: height / 2 })
  await dialog(n, 'Look at what becomes public').waitFor()
  await first.look(at('sheet'))
  await escape(n, 'Look at what becomes public')
  await go(n, '#/transfers')
  await n.getByRole('heading', { name: 'No transfers' }).waitFor()
  await first.look(at('transfers, empty'))
  await go(n, '#/network')
  await n.getByRole('button', { name: 'Read and decide' }).waitFor()
  await first.look(at('network, before consent'))
  await go(n, '#/about')
  await n.getByRole('button', { name: 'Show what comes with it' }).click()
  await n.getByRole('searchbox', { name: 'Search the licences' }).fill('zod')
  await n.getByText(/^1 of \d+ packages$/).waitFor()
  await first.look(at('about Cairn'))
  await n.getByRole('button', { name: 'Save diagnostics…' }).click()
  await n.getByRole('group', { name: 'What is saved' }).waitFor()
  await first.look(at('diagnostics'))
  await escape(n, 'Save diagnostics')
  await go(n, `#/ask?link=hyper://${nobodysKey}`)
  await n.getByRole('button', { name: 'Look it up' }).waitFor()
  await first.look(at('ask'))

  const { page } = await open(bob)
  const second = new Findings(page)
  await page.getByRole('heading', { name: 'Friends' }).last().waitFor()
  await second.look(at('home'))
  await go(page, `#/archive/${nobodysKey}/files/`)
  await page.getByRole('heading', { name: 'Nobody who has this is reachable now' }).waitFor()
  await second.look(at('opening: nobody'))
  await page.getByRole('button', { name: 'Look again now' }).click()
  await page.getByRole('heading', { name: 'Looking for peers…' }).waitFor()
  await second.look(at('opening: looking'))
  await go(page, `#/archive/${'b'.repeat(52)}/files/`)
  await page.getByRole('heading', { name: 'This archive is not in your library' }).waitFor()
  await second.look(at('not in the library'))

  await go(page, `#/archive/${key}/files/`)
  const grid = page.getByRole('grid', { name: 'Files', exact: true })
  await grid.getByRole('row', { name: /notes\.txt/ }).waitFor()
  await second.look(at('files'))
  for (const [name, ready] of previews) {
    await grid.getByRole('row', { name: new RegExp(name.replace('.', '\\.')) }).click()
    if (width >= 1100) {
      await ready(page)
      await second.look(at(`inspector ${name}`))
    }
    // Where there is an inspector the same preview has been looked at in it: two of them stand for the rest.
    if (width >= 1100 && !['readme.md', 'book.pdf'].includes(name)) continue
    await grid.press(' ')
    await dialog(page, name).waitFor()
    await ready(page)
    await second.look(at(`preview ${name}`))
    await escape(page, name)
  }
  if (width < 1100) {
    await page.getByRole('button', { name: 'Details', exact: true }).click()
    await dialog(page, 'Details').waitFor()
    await second.look(at('details'))
    await escape(page, 'Details')
  }
  await grid.press('ControlOrMeta+A')
  await page
    .getByRole('button', { name: /^Download \d+ items…$/ })
    .first()
    .waitFor()
  await second.look(at('all chosen'))
  await grid.getByRole('row', { name: /notes\.txt/ }).click({ button: 'right' })
  await page.getByRole('menu').waitFor()
  await second.look(at('menu of an entry'))
  await page.keyboard.press('Escape')
  await page.getByRole('menu').waitFor({ state: 'detached' })
  await page.getByRole('button', { name: 'Show as a grid' }).click()
  await page.getByRole('option', { name: /notes\.txt/ }).waitFor()
  await second.look(at('grid'))
  await page.getByRole('button', { name: 'Show as a list' }).click()
  await go(page, `#/archive/${key}/files/photos`)
  await page.getByRole('row', { name: /^beach\.png/ }).waitFor()
  await second.look(at('files in a folder'))
  await go(page, `#/archive/${key}/files/none-of-that`)
  await page.getByRole('main').getByRole('heading', { level: 2 }).first().waitFor()
  await second.look(at('a folder that is not there'))

  await go(page, `#/archive/${key}/changes/`)
  await page
    .getByRole('tabpanel')
    .getByRole('button', { name: /Published|added/ })
    .first()
    .click()
  await page
    .getByRole('button', { name: /^Added: / })
    .first()
    .waitFor()
  await second.look(at('changes'))
  await page.getByRole('button', { name: 'Browse as of then' }).first().click()
  await page.getByText(/^You are looking at version/).waitFor()
  await page.getByRole('row', { name: /notes\.txt/ }).waitFor()
  await second.look(at('files of an earlier version'))
  await go(page, `#/archive/${key}/peers/`)
  await page.getByRole('region', { name: 'Connected peers' }).waitFor()
  await second.look(at('peers'))
  await go(page, `#/archive/${key}/about/`)
  await page.getByRole('heading', { name: 'Facts' }).waitFor()
  await second.look(at('about'))
  for (const menu of ['Share', 'More']) {
    await page.getByRole('button', { name: menu, exact: true }).click()
    await page.getByRole('menu').waitFor()
    await second.look(at(`menu ${menu}`))
    await page.keyboard.press('Escape')
    await page.getByRole('menu').waitFor({ state: 'detached' })
  }
  await go(page, '#/transfers')
  await page
    .getByRole('listitem', { name: /^Downloading/ })
    .first()
    .waitFor()
  await second.look(at('transfers'))
  await go(page, '#/network')
  await page.getByText('Seen by the nodes as').waitFor()
  await second.look(at('network'))
  for (const [keys, name] of [
    ['ControlOrMeta+,', 'Settings'],
    ['?', 'Keyboard'],
    ['ControlOrMeta+K', 'Find and do'],
  ] as const) {
    await page.keyboard.press(keys)
    await dialog(page, name).waitFor()
    await second.look(at(name))
    await escape(page, name)
  }
  if (width < 700) {
    await page.getByRole('button', { name: 'Library', exact: true }).click()
    await dialog(page, 'Library').waitFor()
    await second.look(at('library'))
    await escape(page, 'Library')
  }

  const author = (await open(ana)).page
  const third = new Findings(author)
  await go(author, `#/archive/${key}/about/`)
  await author.getByRole('textbox', { name: 'Title' }).waitFor()
  await third.look(at('about, of yours'))
  await author.getByRole('button', { name: 'More', exact: true }).click()
  await author.getByRole('menuitem', { name: 'Stop sharing…' }).click()
  await dialog(author, 'Stop sharing Coast?').waitFor()
  await third.look(at('stop sharing'))
  await escape(author, 'Stop sharing Coast?')

  findings.push(...first.all, ...second.all, ...third.all, ...opened.flatMap(({ complaints }) => complaints))
  await Promise.all(opened.map(({ close }) => close()))
  return findings
}
