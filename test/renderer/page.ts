/**
 * The built page in a real Chromium, served by the real web shell over a scripted backend.
 */
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, onTestFinished } from 'vitest'
import { builtPage } from '../../main/lib/places.ts'
import { startWebServer, type WebServer } from '../../main/web/server.ts'
import { leaveChromium, sharedChromium } from '../helpers/chromium.ts'
import { ScriptedBackend } from './scripted-backend.ts'

export type Harness = {
  readonly browser: Browser
  /** Where the built page lies. */
  readonly folder: string
  /** A page in a window of its own, with its own backend. */
  open(options?: OpenOptions): Promise<Opened>
  close(): Promise<void>
}
type OpenOptions = {
  readonly empty?: boolean
  readonly width?: number
  readonly height?: number
  readonly zoom?: number
  readonly dark?: boolean
  /** Colours that the person has chosen in the system. */
  readonly forced?: boolean
  readonly at?: string
}
export type Opened = {
  readonly backend: ScriptedBackend
  readonly server: WebServer
  readonly context: BrowserContext
  readonly page: Page
  /** What the browser complained about. */
  readonly complaints: string[]
  close(): Promise<void>
}

export async function startHarness(): Promise<Harness> {
  const folder = builtPage()
  if (!existsSync(join(folder, 'index.html')))
    throw new Error(`There is no page in ${folder}. Build it first: npm run build`)
  const browser = await sharedChromium()
  return {
    browser,
    folder,
    open: options => openPage(browser, folder, options),
    close: () => leaveChromium(browser),
  }
}

/** For the tests of one file: pages that are closed with the test that opened them. */
export function browserPages(): (options?: OpenOptions) => Promise<Opened> {
  let harness: Harness
  beforeAll(async () => {
    harness = await startHarness()
  })
  afterAll(() => harness?.close())
  return async options => {
    const opened = await harness.open(options)
    opened.page.setDefaultTimeout(45_000)
    onTestFinished(() => opened.close())
    return opened
  }
}

async function openPage(browser: Browser, folder: string, options: OpenOptions = {}): Promise<Opened> {
  const { empty = false, width = 1280, height = 800, zoom = 1, dark = false, forced = false, at = '#/' } = options
  const backend = new ScriptedBackend({ empty })
  const settings = backend.settings.get('settings')
  if (settings) backend.settings.put({ ...settings, theme: dark ? 'dark' : 'light' })
  const server = await startWebServer(backend, { pageFolder: folder })
  const context = await browser.newContext({
    deviceScaleFactor: zoom,
    // A page that is zoomed has fewer and larger pixels.
    viewport: { width: Math.round(width / zoom), height: Math.round(height / zoom) },
    colorScheme: dark ? 'dark' : 'light',
    forcedColors: forced ? 'active' : 'none',
    reducedMotion: 'reduce',
    locale: 'en-GB',
    permissions: ['clipboard-read', 'clipboard-write'],
  })
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('console', message => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text())
  })
  page.on('pageerror', error => complaints.push(String(error.stack)))
  await page.goto(server.url)
  await page
    .getByRole('button', { name: 'Cairn', exact: true })
    .or(page.getByRole('button', { name: 'Library' }))
    .first()
    .waitFor()
  await page.waitForFunction(() => !location.hash.includes('token'))
  if (at !== '#/') await go(page, at)
  return {
    backend,
    server,
    context,
    page,
    complaints,
    async close() {
      await context.close()
      await server.close()
    },
  }
}

/** Follows a link within the page. */
export async function go(page: Page, hash: string): Promise<void> {
  await page.evaluate(to => {
    history.pushState(null, '', to)
    dispatchEvent(new PopStateEvent('popstate'))
  }, hash)
}

const axeSource = readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** Colours take axe as long as all other rules together. */
type AxeOptions = {
  readonly by?: 'all' | 'colours' | 'others'
  /** Passes over the library's list, which is half of a page and the same beside every view. */
  readonly withoutLibrary?: boolean
}

/** What axe objects to, one line each. Empty: nothing. */
export async function axe(
  page: Page,
  { by = 'all', withoutLibrary = false }: AxeOptions = {},
): Promise<readonly string[]> {
  // Half-faded colours have no contrast that could be measured.
  await page.waitForFunction(() =>
    document
      .getAnimations()
      .every(
        animation =>
          animation.playState === 'finished' || animation.effect?.getComputedTiming().iterations === Infinity,
      ),
  )
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(await axeSource)
  return page.evaluate(
    async ({ by, exclude }) => {
      type Violation = { id: string; help: string; nodes: { html: string; failureSummary: string }[] }
      const { axe } = window as unknown as {
        axe: { run(context: object, options: object): Promise<{ violations: Violation[] }> }
      }
      const { violations } = await axe.run(exclude === null ? document : { exclude }, {
        resultTypes: ['violations'],
        ...(by === 'colours' && { runOnly: ['color-contrast'] }),
        ...(by === 'others' && { rules: { 'color-contrast': { enabled: false } } }),
      })
      return violations.flatMap(({ id, help, nodes }) =>
        nodes.map(node => `${id}: ${help}\n  ${node.html.slice(0, 200)}\n  ${node.failureSummary}`),
      )
    },
    { by, exclude: withoutLibrary ? ['nav[aria-label="Library"]'] : null },
  )
}
