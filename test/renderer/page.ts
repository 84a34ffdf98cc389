/**
 * The built page in a real Chromium, served by the real web shell over a scripted backend. Pages of one file stand in one
 * window beside a small one that stays, and so in one process: to start one for each takes longer than to load the page.
 */
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, onTestFinished } from 'vitest'
import { builtPage } from '../../main/lib/places.ts'
import { startWebServer, type WebServer } from '../../main/web/server.ts'
import { ScriptedBackend } from './scripted-backend.ts'

const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(path =>
  existsSync(path),
)
const ARGUMENTS = [
  '--no-sandbox',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-quic',
  '--no-first-run',
  '--disable-gpu',
  '--renderer-process-limit=1',
]

export type Harness = {
  readonly browser: Browser
  /** Where the built page lies. */
  readonly folder: string
  /** A page of its own: its own backend, its own cookie. */
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
  /** In a window of its own, whose cookies and permissions the test changes. */
  readonly alone?: boolean
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
  const browser = await chromium.launch({
    ...(CHROMIUM ? { executablePath: CHROMIUM } : { channel: 'chromium' }),
    args: ARGUMENTS,
  })
  const windows = new Windows(browser)
  return {
    browser,
    folder,
    open: options => openPage(windows, folder, options),
    async close() {
      await browser.close()
      await windows.close()
    },
  }
}

/** One for each zoom, which a page cannot change. */
class Windows {
  readonly #browser: Browser
  readonly #shared = new Map<number, Promise<BrowserContext>>()
  readonly #nothing: Server

  constructor(browser: Browser) {
    this.#browser = browser
    this.#nothing = createServer((_, response) =>
      response.setHeader('content-type', 'text/html').end('<!doctype html>'),
    )
    this.#nothing.listen(0, '127.0.0.1')
  }

  /** `done`: when the page in it is not needed any more. */
  async take(
    zoom: number,
    alone: boolean,
  ): Promise<{ readonly context: BrowserContext; done(page: Page): Promise<void> }> {
    if (alone) {
      const context = await this.#make(zoom)
      return { context, done: () => context.close() }
    }
    const shared = this.#shared.get(zoom) ?? this.#makeShared(zoom)
    this.#shared.set(zoom, shared)
    return { context: await shared, done: page => page.close() }
  }

  close(): Promise<void> {
    return new Promise(resolve => this.#nothing.close(() => resolve()))
  }

  async #makeShared(zoom: number): Promise<BrowserContext> {
    const context = await this.#make(zoom)
    const page = await context.newPage()
    await page.goto(`http://127.0.0.1:${(this.#nothing.address() as AddressInfo).port}/`)
    return context
  }

  #make(zoom: number): Promise<BrowserContext> {
    return this.#browser.newContext({
      deviceScaleFactor: zoom,
      // Without one the scale would not count.
      viewport: { width: 1280, height: 800 },
      reducedMotion: 'reduce',
      locale: 'en-GB',
      permissions: ['clipboard-read', 'clipboard-write'],
    })
  }
}

/** For the tests of one file: a browser of their own, and pages that are closed with the test that opened them. */
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

async function openPage(windows: Windows, folder: string, options: OpenOptions = {}): Promise<Opened> {
  const {
    empty = false,
    width = 1280,
    height = 800,
    zoom = 1,
    dark = false,
    forced = false,
    at = '#/',
    alone = false,
  } = options
  const backend = new ScriptedBackend({ empty })
  const settings = backend.settings.get('settings')
  if (settings) backend.settings.put({ ...settings, theme: dark ? 'dark' : 'light' })
  const server = await startWebServer(backend, { pageFolder: folder })
  const { context, done } = await windows.take(zoom, alone)
  const page = await context.newPage()
  // A page that is zoomed has fewer and larger pixels.
  await page.setViewportSize({ width: Math.round(width / zoom), height: Math.round(height / zoom) })
  await page.emulateMedia({
    colorScheme: dark ? 'dark' : 'light',
    forcedColors: forced ? 'active' : 'none',
    reducedMotion: 'reduce',
  })
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
      await done(page)
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
