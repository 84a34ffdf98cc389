/**
 * What is built, looked at as it is shipped: the desktop shell has never been run here, so what can be read of it is read.
 * Each rule is a function over texts, and proven by a text that breaks it.
 */
import { readdir, readFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { CONTENT_ORIGIN } from '../../main/electron/addresses.ts'
import { pageHeaders } from '../../main/lib/page-headers.ts'

const out = resolve(import.meta.dirname, '../../out')

/** By path below `out`, with `/`. */
type Files = ReadonlyMap<string, string>
let built: Files

beforeAll(async () => {
  const entries = await readdir(out, { recursive: true, withFileTypes: true })
  const files = entries.filter(entry => entry.isFile()).map(entry => join(entry.parentPath, entry.name))
  const texts = files.filter(path => /\.(js|cjs|mjs|html|css|svg|json)$/.test(path))
  expect(files.filter(path => path.endsWith('.map'))).toEqual([])
  built = new Map(
    await Promise.all(
      texts.map(
        async path =>
          [path.slice(out.length + 1).replaceAll('\\', '/'), await readFile(path, 'utf8')] satisfies [string, string],
      ),
    ),
  )
})

const of = (folder: string): [path: string, text: string][] => [...built].filter(([path]) => path.startsWith(folder))

describe('the main process', () => {
  /** Settings that open what Electron keeps shut, and ways to open it again. */
  const FORBIDDEN = [
    /nodeIntegration\w*["']?\s*:\s*(true|!0)/,
    /(contextIsolation|sandbox|webSecurity)["']?\s*:\s*(false|!1)/,
    /(webviewTag|allowRunningInsecureContent|experimentalFeatures|nodeIntegrationInWorker|disableBlinkFeatures)["']?\s*:\s*(true|!0)/,
    /\b(enableBlinkFeatures|enableWebSQL|enableRemoteModule)\b/,
    /appendSwitch|disable-web-security|no-sandbox|remote-debugging|disableHardwareAcceleration/,
    /\bloadFile\(|loadURL\(\s*["'`](file|https?|data):/,
    /\bipcMain\b|executeJavaScript|insertCSS|registerFileProtocol|interceptFileProtocol|registerHttpProtocol/,
    /sourceMappingURL/,
  ]
  const brokenBy = (text: string) => {
    const code = text.replace(/\/\*[\s\S]*?\*\//g, '')
    return FORBIDDEN.filter(rule => rule.test(code))
  }
  const shell = () => of('main/').filter(([, text]) => /from ["']electron["']/.test(text))

  test('nothing opens what Electron keeps shut', () => {
    for (const [path, text] of of('main/')) {
      expect({ path, broken: brokenBy(text) }).toEqual({ path, broken: [] })
    }
    for (const wrong of [
      'new BrowserWindow({ webPreferences: { nodeIntegration: true } })',
      'webPreferences: { "sandbox": false }',
      'webPreferences:{webSecurity:!1}',
      'allowRunningInsecureContent: true',
      "app.commandLine.appendSwitch('no-sandbox')",
      "window.loadURL('https://example.org')",
      'ipcMain.handle("x", () => {})',
    ])
      expect({ wrong, found: brokenBy(wrong).length > 0 }).toEqual({ wrong, found: true })
  })

  test('there is one window, shut in on every side', () => {
    const text = shell()
      .map(([, part]) => part)
      .join('\n')
    expect(text.match(/new BrowserWindow\(/g)).toHaveLength(1)
    expect(text).not.toMatch(/new (WebContentsView|BrowserView)\(/)
    for (const wanted of [
      /sandbox: true/,
      /contextIsolation: true/,
      /nodeIntegration: false/,
      /webviewTag: false/,
      /app\.enableSandbox\(\)/,
      /setWindowOpenHandler\(\(\) => \(\{ action: "deny" \}\)\)/,
      /"will-navigate"/,
      /"will-frame-navigate"/,
      /"will-redirect"/,
      /"will-attach-webview"/,
      /"certificate-error"/,
      /"select-client-certificate"/,
      /setPermissionRequestHandler/,
      /setPermissionCheckHandler/,
      /setDevicePermissionHandler/,
      /onBeforeRequest/,
    ])
      expect(text).toMatch(wanted)
    // It has to be said before the app is ready, of all that will be made.
    expect(text.indexOf('app.enableSandbox()')).toBeLessThan(text.indexOf('app.whenReady()'))
    expect(text.match(/shell\.openExternal\(/g)).toHaveLength(2)
    // The licences of Electron and Chromium, which no page names the path of.
    expect(text.match(/shell\.openPath\(/g)).toHaveLength(1)
  })
})

describe('the preload', () => {
  const powers = (text: string) => ({
    exposed: [...text.matchAll(/exposeInMainWorld\(\s*(["'`])(.*?)\1,\s*\{\s*(\w+):/g)].map(
      ([, , name, key]) => `${name}.${key}`,
    ),
    exposures: text.match(/exposeInMainWorld\(/g)?.length ?? 0,
    modules: [...text.matchAll(/require\((["'`])(.*?)\1\)/g)].map(([, , name]) => name),
    ipc: [...text.matchAll(/ipcRenderer\.(\w+)\((["'`])(.*?)\2/g)].map(
      ([, method, , channel]) => `${method} ${channel}`,
    ),
    ipcUses: text.match(/ipcRenderer/g)?.length ?? 0,
  })

  test('exposes one thing with one power, takes one message and sends none', () => {
    const files = of('preload/')
    expect(files.map(([path]) => path)).toEqual(['preload/index.cjs'])
    expect(powers(files[0]![1])).toEqual({
      exposed: ['cairn.pathForFile'],
      exposures: 1,
      modules: ['electron'],
      ipc: ['on cairn-ports'],
      ipcUses: 1,
    })
    expect(powers("exposeInMainWorld('a', { x: 1 }); exposeInMainWorld('b', { y: 2 })").exposures).toBe(2)
    expect(powers('ipcRenderer.send("x")').ipc).toEqual(['send x'])
  })
})

describe('what runs without a window', () => {
  const IMPORTS = /(?:\bfrom\s*|\bimport\s*\(?\s*|\brequire\(\s*)(["'])([^"'\n]+)\1/g

  /** Every module that is reached from an entry: other files of the build are walked, packages are named. */
  function reached(files: Files, entry: string): ReadonlySet<string> {
    const seen = new Set([entry])
    for (const path of seen) {
      const text = files.get(path)
      if (text === undefined) continue
      for (const [, , name = ''] of text.matchAll(IMPORTS))
        seen.add(name.startsWith('.') ? join(dirname(path), name).replaceAll('\\', '/') : name)
    }
    return seen
  }
  const isDesktop = (name: string) => /^electron($|[-/])/.test(name)

  test.each(['headless', 'cli', 'start', 'backend-process'])('%s reaches no Electron', entry => {
    const names = reached(built, `main/${entry}.js`)
    expect(names.size).toBeGreaterThan(10)
    expect([...names].filter(isDesktop)).toEqual([])
    // What is walked is there, so that nothing was passed over.
    expect([...names].filter(name => name.startsWith('main/') && !built.has(name))).toEqual([])
  })

  test('an import on a detour would be found', () => {
    const files = new Map([
      ['main/cli.js', 'import { a } from "./chunks/a.js"'],
      ['main/chunks/a.js', 'const b = await import("./b.js")'],
      ['main/chunks/b.js', 'import"electron/main"'],
    ])
    expect([...reached(files, 'main/cli.js')].filter(isDesktop)).toEqual(['electron/main'])
    expect([...reached(built, 'main/index.js')].filter(isDesktop)).toContain('electron')
  })
})

describe('the page', () => {
  test('its policy runs its own scripts alone, in its headers and in itself', () => {
    const file = { bytes: new Uint8Array(), type: 'text/html', immutable: false }
    const header = pageHeaders({ content: CONTENT_ORIGIN, bridge: null }, file)['Content-Security-Policy'] ?? ''
    const meta =
      /<meta\s+http-equiv="Content-Security-Policy"\s+content="([^"]*)"/.exec(
        built.get('renderer/index.html') ?? '',
      )?.[1] ?? ''
    for (const policy of [header, meta]) {
      expect(policy).toMatch(/(^|; )script-src 'self'(;|$)/)
      expect(policy).toContain("base-uri 'none'")
      expect(policy).toContain("form-action 'none'")
      expect(policy).not.toMatch(/unsafe|\*|https?:/)
    }
    expect(header).toContain("default-src 'none'")
    expect(header).toContain("frame-ancestors 'none'")
    expect(meta).toContain("object-src 'none'")
  })

  test('it has no script, style or handler in itself, and asks for its own files alone', () => {
    const html = built.get('renderer/index.html') ?? ''
    const without = html.replace(/<!--[\s\S]*?-->/g, '')
    expect(without).not.toMatch(/<script(?![^>]*\ssrc=)|<style|\son\w+=|\sstyle=|javascript:/i)
    const asked = [...without.matchAll(/\s(?:src|href)="([^"]*)"/g)].map(([, address]) => address ?? '')
    expect(asked.length).toBeGreaterThan(2)
    for (const address of asked) expect(address).toMatch(/^\.\/assets\/[\w.-]+$/)
  })

  /** Names of formats and addresses in texts of libraries: nothing is loaded from any of them. */
  const TEXTS: ReadonlySet<string> = new Set([
    'www.w3.org',
    'www.xfa.org',
    'ns.adobe.com',
    'www.apache.org',
    'react.dev',
    'base-ui.com',
    'tailwindcss.com',
    'github.com',
    'example.com',
    'foo.bar',
    'mozilla.github.io',
  ])
  const foreign = (text: string) =>
    [...text.matchAll(/\b(?:https?|wss?|ftp):\/\/([\w-]+(?:\.[\w-]+)+)/g)]
      .map(([, host]) => host ?? '')
      .filter(host => !TEXTS.has(host))
  /** The few ways in which a page loads something by an address that is written out. */
  const loads = (text: string) =>
    text.match(
      /(?:fetch|importScripts|import|Worker|WebSocket|EventSource|sendBeacon|open|url)\(\s*["'`]?(?:https?|wss?):\/\/|@import\s+["'](?:https?:)?\/\/|(?:src|href|action)\s*[:=]\s*["'`](?:https?:)?\/\/\w/g,
    ) ?? []

  test('nothing is loaded from anywhere else', () => {
    for (const [path, text] of of('renderer/')) {
      // The page's own text about receipts may hold an address; what is listed with licences is text, too.
      if (path.endsWith('.json')) continue
      expect({ path, foreign: foreign(text), loads: loads(text) }).toEqual({ path, foreign: [], loads: [] })
    }
    expect(foreign('x="https://cdn.example.org/x.js"')).toEqual(['cdn.example.org'])
    for (const wrong of [
      'fetch("https://example.com/x")',
      'new Worker(`https://example.com`)',
      '<script src="//example.com/x.js">',
      '@import "https://example.com/x.css"',
      'background: url(https://example.com/x.png)',
    ])
      expect({ wrong, found: loads(wrong).length }).toEqual({ wrong, found: 1 })
  })

  test('no text is made into a program, but for one library that is kept from it', () => {
    const evaluates = (text: string) => /\beval\(|new Function\(|setTimeout\(\s*["'`]/.test(text)
    const found = [...built].filter(([, text]) => evaluates(text)).map(([path]) => path.replace(/-[\w-]{8}(?=\.)/, ''))
    // The policy of the page forbids it, which pdf.js finds out before it tries.
    expect(found).toEqual(['renderer/assets/pdf.worker.min.mjs'])
    expect(evaluates('const f = new Function("a", "return a")')).toBe(true)
  })

  test('nothing points at sources that are not shipped', () => {
    for (const [path, text] of built)
      expect({ path, map: /sourceMappingURL=/.test(text) }).toEqual({ path, map: false })
  })
})

test('the one Electron that is shipped is named exactly', async () => {
  const file = JSON.parse(await readFile(resolve(out, '../package.json'), 'utf8')) as {
    devDependencies: Record<string, string>
  }
  expect(file.devDependencies['electron']).toMatch(/^\d+\.\d+\.\d+$/)
})
