/**
 * People with a page of their own: a real backend, served headless as `npm start` does, and the built page of it in a
 * real Chromium. What the browser complains about and what it asks for is written down, so that a test can end with
 * "and nothing went wrong meanwhile". `CAIRN_SHOTS=FOLDER` leaves pictures of the pages of a failed test there.
 */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { connect as connectTo, createServer, type Socket } from 'node:net'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { onTestFailed } from 'vitest'
import { connectLocal } from '../../main/lib/local-socket.ts'
import { builtPage } from '../../main/lib/places.ts'
import { type Serving, serveHeadless } from '../../main/serve.ts'
import type { Contract } from '../../preload/contract/index.ts'
import { connect } from '../../preload/wire/connect.ts'
import type { ClientFrame, ServerFrame } from '../../preload/wire/frames.ts'
import { memoryPair } from '../../preload/wire/transports.ts'
import { type Person, waitersOf } from './backend.ts'
import { leaveChromium, sharedChromium, startChromium } from './chromium.ts'
import { packedProgram } from './packed.ts'
import { startTestnet } from './testnet.ts'

/** One local DHT for the tests of a file, and a browser. */
export type Stage = {
  readonly bootstrap: readonly string[]
  readonly browser: Browser
  /** A folder that is thrown away with the stage. */
  folder(name?: string): Promise<string>
  /** A backend with a page to it. It runs until the stage is closed. */
  person(options?: PersonOptions): Promise<PagePerson>
  /** The same as a process of the packed app, where the tests run with one: see `packed.ts`. */
  somebody(options?: PersonOptions): Promise<RemotePagePerson>
  close(): Promise<void>
}

export type PersonOptions = {
  readonly storage?: string
  readonly port?: number
  readonly bootstrap?: readonly string[]
  readonly join?: boolean
  /** Names under which a tunnel brings a browser to it. */
  readonly allowHosts?: readonly string[]
  /** The person has been told already that peers see this machine's address, and has taken the first steps. */
  readonly consented?: boolean
}

type Started = Required<PersonOptions>

export type PagePerson = Person & {
  readonly serving: Serving
  /** A browser of its own that opens a fresh address of the page. */
  open(options?: OpenOptions): Promise<Opened>
}

/** One whose backend may be a process of its own. */
export type RemotePagePerson = Omit<PagePerson, 'backend' | 'serving'>

export type OpenOptions = {
  /** One of `allowHosts`. */
  readonly host?: string
  readonly width?: number
  readonly height?: number
  readonly scale?: number
  readonly theme?: 'light' | 'dark'
}

export type Opened = {
  readonly context: BrowserContext
  readonly page: Page
  /** Errors and warnings of the console, errors that nobody caught, and what the content policy refused. */
  readonly complaints: string[]
  /** Every address that anything in this browser asked for, sockets included, in order. */
  readonly requests: string[]
  /** What was answered, with the range of it that was (`bytes 0-99/1234`). */
  readonly answers: { readonly url: string; readonly status: number; readonly range: string | null }[]
  close(): Promise<void>
}

export async function startStage(extraArguments: readonly string[] = []): Promise<Stage> {
  const page = builtPage()
  if (!existsSync(join(page, 'index.html')))
    throw new Error(`There is no page in ${page}. Build it first: npm run build`)
  const closing: (() => Promise<unknown>)[] = []
  const close = async () => {
    for (const end of closing.splice(0).reverse()) await end()
  }
  const folder = async (name = 'cairn') => {
    const made = await mkdtemp(join(tmpdir(), `${name}-`))
    closing.unshift(() => rm(made, { recursive: true, force: true, maxRetries: 5 }))
    return made
  }
  try {
    const testnet = await startTestnet()
    closing.push(() => testnet.close())
    const isShared = extraArguments.length === 0
    const browser = isShared ? await sharedChromium() : await startChromium(extraArguments)
    closing.push(() => (isShared ? leaveChromium(browser) : browser.close()))
    const complete = async (options: PersonOptions): Promise<Started> => ({
      ...{ port: 0, allowHosts: [], join: true, consented: true, bootstrap: testnet.bootstrap },
      ...options,
      storage: options.storage ?? (await folder('cairn-storage')),
    })
    const person = async (options: PersonOptions = {}) => {
      const person = await startPagePerson(browser, await complete(options))
      closing.push(() => person.close())
      return person
    }
    const somebody = async (options: PersonOptions = {}) => {
      const program = packedProgram()
      if (program === null) return person(options)
      const started = await startProgramPerson(browser, program, await folder('cairn-home'), await complete(options))
      closing.push(() => started.close())
      return started
    }
    return { bootstrap: testnet.bootstrap, browser, folder, person, somebody, close }
  } catch (error) {
    await close()
    throw error
  }
}

async function startPagePerson(
  browser: Browser,
  { storage, bootstrap, port, allowHosts, join: joins, consented }: Started,
): Promise<PagePerson> {
  if (bootstrap.length === 0) throw new Error('Tests never use the public DHT')
  const serving = await serveHeadless({ storage, bootstrap, join: joins, port, allowHosts, log: 'none' })
  const [server, ours] = memoryPair<ServerFrame, ClientFrame>()
  serving.backend.accept(server)
  const client = connect<Contract>(ours)
  if (consented) await client.settings.update({ consented: true, welcomed: true })
  return {
    serving,
    backend: serving.backend,
    client,
    storage,
    ...waitersOf(client),
    open: options => openPage(browser, serving.freshUrl(options?.host), options),
    close: () => serving.close(),
  }
}

/** The headless entry of a packed app, by Node alone, for somebody who has nothing yet: `home` is empty. */
async function startProgramPerson(
  browser: Browser,
  program: string,
  home: string,
  { storage, bootstrap, port, allowHosts, join: joins, consented }: Started,
): Promise<RemotePagePerson> {
  if (bootstrap.length === 0) throw new Error('Tests never use the public DHT')
  const args = [
    ...bootstrap.flatMap(node => ['--bootstrap', node]),
    ...allowHosts.flatMap(host => ['--allow-host', host]),
    ...(joins ? [] : ['--no-join']),
  ]
  const child = spawn(
    process.execPath,
    [join(program, 'out/main/headless.js'), '--storage', storage, '--port', String(port), ...args],
    { cwd: home, env: { HOME: home, PATH: '/usr/bin:/bin' }, stdio: ['ignore', 'pipe', 'pipe'] },
  )
  const ended = new Promise<number | null>(resolve => child.once('close', resolve))
  let said = ''
  const listening = new Promise<void>((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', text => {
        said += String(text)
        if (/Cairn is at http:\/\/\S+\n/.test(said)) resolve()
      })
    void ended.then(code => reject(new Error(`The packed app ended (${code}): ${said}`)))
  })
  const close = async () => {
    child.kill('SIGTERM')
    if ((await ended) !== 0) throw new Error(`The packed app did not end well: ${said}`)
  }
  try {
    await listening
    const transport = await connectLocal(storage)
    if (transport === null) throw new Error(`The packed app does not answer: ${said}`)
    const client = connect<Contract>(transport)
    if (consented) await client.settings.update({ consented: true, welcomed: true })
    return {
      client,
      storage,
      ...waitersOf(client),
      async open(options) {
        const { page } = await client.machine.status()
        if (page === null) throw new Error('The packed app has no page')
        const url = new URL(page)
        if (options?.host !== undefined) url.host = options.host
        return openPage(browser, url.href, options)
      },
      close,
    }
  } catch (error) {
    child.kill('SIGKILL')
    throw error
  }
}

async function openPage(
  browser: Browser,
  url: string,
  { width = 1280, height = 800, scale = 1, theme = 'light' }: OpenOptions = {},
): Promise<Opened> {
  const context = await browser.newContext({
    viewport: { width, height },
    deviceScaleFactor: scale,
    colorScheme: theme,
    reducedMotion: 'reduce',
    locale: 'en-GB',
    permissions: ['clipboard-read', 'clipboard-write'],
  })
  context.setDefaultTimeout(45_000)
  const complaints: string[] = []
  const requests: string[] = []
  const answers: { url: string; status: number; range: string | null }[] = []
  context.on('console', message => {
    const type = message.type()
    if (type === 'error' || type === 'warning' || type === 'assert')
      complaints.push(`${type}: ${message.text()} (${message.location().url})`)
  })
  context.on('weberror', error => complaints.push(`uncaught: ${error.error().stack ?? String(error.error())}`))
  context.on('request', request => requests.push(request.url()))
  context.on('response', response => {
    answers.push({ url: response.url(), status: response.status(), range: response.headers()['content-range'] ?? null })
  })
  context.on('page', page => {
    page.on('websocket', socket => requests.push(socket.url()))
    page.on('dialog', dialog => {
      complaints.push(`dialog: ${dialog.message()}`)
      void dialog.dismiss()
    })
    page.on('crash', () => complaints.push('the page crashed'))
  })
  await context.exposeFunction('__violated', (what: string) => void complaints.push(`policy: ${what}`))
  await context.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', event => {
      const { __violated } = window as unknown as { __violated(what: string): void }
      __violated(`${event.violatedDirective} ${event.blockedURI} ${event.sourceFile ?? ''}`)
    })
  })
  const page = await context.newPage()
  await page.goto(url)
  await page.getByRole('main').first().waitFor()
  await page.waitForFunction(() => !location.hash.includes('token'))
  onTestFailed(async () => {
    const shots = process.env['CAIRN_SHOTS']
    if (shots === undefined) return
    await page.screenshot({ path: join(shots, `failed-${Date.now()}.png`) })
  })
  return { context, page, complaints, requests, answers, close: () => context.close() }
}

/** Follows an address within the page, as a link in it would. */
export async function go(page: Page, hash: string): Promise<void> {
  await page.evaluate(to => {
    history.pushState(null, '', to)
    dispatchEvent(new PopStateEvent('popstate'))
  }, hash)
}

/** As somebody does who has copied it elsewhere: nothing has the focus, and the keys for pasting are pressed. */
export async function paste(page: Page, text: string): Promise<void> {
  await page.evaluate(async copied => {
    if (document.activeElement instanceof HTMLElement) document.activeElement.blur()
    await navigator.clipboard.writeText(copied)
  }, text)
  await page.keyboard.press('ControlOrMeta+V')
}

/** Drops files and folders of this machine on the window as a file manager does, not as a script would imagine it. */
export async function drop(page: Page, paths: readonly string[], at = { x: 640, y: 400 }): Promise<void> {
  const chrome = await page.context().newCDPSession(page)
  const data = { items: [], files: [...paths], dragOperationsMask: 1 }
  const send = (type: 'dragEnter' | 'dragOver' | 'drop') =>
    chrome.send('Input.dispatchDragEvent', { type, ...at, data })
  await send('dragEnter')
  await send('dragOver')
  // Only a window that has said that it takes them gets them.
  await page.getByText(/^Drop to (publish|add)/).waitFor()
  await send('dragOver')
  await send('drop')
  await chrome.detach()
}

/** In the page's own folder chooser: types the path, and takes it. */
export async function chooseFolder(page: Page, path: string, yes = 'Choose this folder'): Promise<void> {
  const chooser = page.getByRole('dialog').filter({ has: page.getByRole('textbox', { name: 'Path' }) })
  await chooser.getByRole('button', { name: yes, disabled: false }).waitFor()
  await chooser.getByRole('textbox', { name: 'Path' }).fill(path)
  await page.keyboard.press('Enter')
  await chooser.getByRole('button', { name: 'Go there' }).waitFor({ state: 'detached' })
  await chooser.getByRole('button', { name: yes, disabled: false }).click()
  await chooser.waitFor({ state: 'detached' })
}

export type Tunnel = {
  readonly host: string
  to(port: number): void
  cut(): Promise<void>
  mend(): Promise<void>
  close(): Promise<void>
}

/** What stands between a browser and a backend that is elsewhere, and breaks now and then. */
export async function startTunnel(): Promise<Tunnel> {
  const own = await freePort()
  const sockets = new Set<Socket>()
  let target = 0
  const server = createServer(near => {
    const far = connectTo(target, '127.0.0.1')
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from)
      from.pipe(to)
      from.on('error', () => to.destroy())
      from.on('close', () => {
        sockets.delete(from)
        to.destroy()
      })
    }
  })
  const mend = () => new Promise<void>(resolve => server.listen(own, '127.0.0.1', resolve))
  const cut = () =>
    new Promise<void>(resolve => {
      server.close(() => resolve())
      for (const socket of sockets) socket.destroy()
    })
  await mend()
  return {
    host: `127.0.0.1:${own}`,
    to(port) {
      target = port
    },
    cut,
    mend,
    close: () => (server.listening ? cut() : Promise.resolve()),
  }
}

/** A port that nothing listens on now. */
export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  await new Promise(resolve => server.close(resolve))
  return port
}

const axeSource = readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']

/** What axe objects to, in lines that can be read. Empty: nothing. */
export async function axe(page: Page): Promise<readonly string[]> {
  // Half-faded colours have no contrast that could be measured.
  await page.waitForFunction(() =>
    document
      .getAnimations()
      .every(
        animation => animation.playState !== 'running' || animation.effect?.getComputedTiming().iterations === Infinity,
      ),
  )
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(await axeSource)
  return page.evaluate(async values => {
    type Violation = { id: string; help: string; nodes: { html: string; failureSummary: string }[] }
    const { axe } = window as unknown as {
      axe: { run(root: Document, options: object): Promise<{ violations: Violation[] }> }
    }
    const { violations } = await axe.run(document, { runOnly: { type: 'tag', values }, resultTypes: ['violations'] })
    return violations.flatMap(({ id, help, nodes }) =>
      nodes.map(node => `${id}: ${help}\n  ${node.html.slice(0, 250)}\n  ${node.failureSummary}`),
    )
  }, RULES)
}

/** How many pixels of the page stand out at the side. */
export const overflow = (page: Page): Promise<number> =>
  page.evaluate(
    () =>
      Math.max(document.documentElement.scrollWidth, document.body.scrollWidth) - document.documentElement.clientWidth,
  )
