/**
 * The page as the desktop window shows it: the built page gets two real MessagePorts in a real Chromium, and speaks over
 * them alone. What the preload does is done here by a script, which relays the backend's port to a bridge.
 */
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { startWebServer } from '../../main/web/server.ts'
import { keyOf, numbers } from './fixtures.ts'
import { type Harness, startHarness } from './page.ts'
import { ScriptedBackend } from './scripted-backend.ts'

let harness: Harness
beforeAll(async () => {
  harness = await startHarness()
})
afterAll(() => harness?.close())

test('the page lives on the two ports that the preload hands it', async () => {
  const backend = new ScriptedBackend()
  const server = await startWebServer(backend, { pageFolder: harness.folder })
  const context = await harness.browser.newContext({
    userAgent: 'Mozilla/5.0 Chrome/140 Electron/45.4.1',
    locale: 'en-GB',
  })
  onTestFinished(async () => {
    await context.close()
    await server.close()
  })
  const page = await context.newPage()
  page.setDefaultTimeout(20_000)
  const requests: string[] = []
  page.on('websocket', socket => requests.push(socket.url()))
  await page.goto(server.url)
  await page.evaluate(async () => {
    const token = new URLSearchParams(location.hash.slice(1)).get('token')
    await fetch('/session', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ token }),
    })
    const socket = new WebSocket(`ws://${location.host}/wire`, ['cairn.v1'])
    await new Promise(resolve => socket.addEventListener('open', resolve))
    const bridge = new MessageChannel()
    bridge.port1.onmessage = ({ data }) => socket.send(JSON.stringify(data))
    socket.addEventListener('message', ({ data }) => bridge.port1.postMessage(JSON.parse(String(data))))
    const shell = new MessageChannel()
    const asked: string[] = []
    Object.assign(window, { asked })
    const preferences = { startAtLogin: false, closeToTray: null, keepAwake: false, inMenus: null }
    let watcher = 0
    const tell = () => shell.port1.postMessage({ t: 'next', id: watcher, value: { ...preferences } })
    const change = (to: object) => {
      Object.assign(preferences, to)
      tell()
    }
    Object.assign(window, { change })
    shell.port1.onmessage = ({ data }: { data: { t: string; id: number; path: string; input: object } }) => {
      if (data.t !== 'call') return
      asked.push(data.path)
      if (data.path === 'chooseFolder')
        shell.port1.postMessage({ t: 'done', id: data.id, value: { path: '/home/mia/Chosen' } })
      if (data.path === 'prepareDrag') {
        const answer = () =>
          shell.port1.postMessage({ t: 'done', id: data.id, value: { drag: JSON.stringify(data.input), files: [] } })
        // The first is here already; what comes after it takes until somebody says so.
        if (asked.filter(path => path === 'prepareDrag').length === 1) answer()
        else Object.assign(window, { answer })
      }
      if (data.path === 'startDrag') shell.port1.postMessage({ t: 'done', id: data.id })
      if (data.path === 'watchPreferences') {
        watcher = data.id
        tell()
      }
      if (data.path === 'prefer') {
        Object.assign(preferences, data.input)
        shell.port1.postMessage({ t: 'done', id: data.id })
        tell()
      }
      if (data.path === 'watchRequests') {
        shell.port1.postMessage({
          t: 'next',
          id: data.id,
          value: { kind: 'open-link', link: 'hyper://from-the-system' },
        })
      }
    }
    window.postMessage('cairn-ports', location.origin, [bridge.port2, shell.port2])
  })
  await page.getByRole('heading', { name: 'Open this archive?' }).waitFor()
  await page.getByText('hyper://from-the-system').waitFor()
  expect(backend.calls).toEqual([])
  await page
    .getByRole('navigation', { name: 'Library' })
    .getByRole('button', { name: /Ana’s mixes/ })
    .click()
  await page.getByRole('button', { name: 'Download all…' }).click()
  await expect
    .poll(() => backend.calls)
    .toContainEqual({
      name: 'read.download',
      input: { key: keyOf(numbers.mixes), version: null, paths: ['/'], folder: '/home/mia/Chosen', overwrite: false },
    })
  expect(await page.evaluate(() => (window as unknown as { asked: string[] }).asked)).toContain('chooseFolder')
  // A file leaves the window while the pointer is held; who let go before it was copied is told when it can.
  const asked = () => page.evaluate(() => (window as unknown as { asked: string[] }).asked)
  const take = async (name: string) => {
    const box = await page.getByRole('row', { name }).first().boundingBox()
    if (box === null) throw new Error('The file is not shown')
    await page.mouse.move(box.x + 60, box.y + box.height / 2)
    await page.mouse.down()
    await page.mouse.move(box.x + 90, box.y + box.height / 2 + 8, { steps: 5 })
  }
  await page.keyboard.press('Escape')
  await take('IMG_2041.jpg')
  await expect.poll(asked).toContain('startDrag')
  await page.mouse.up()
  await take('IMG_2042.jpg')
  await expect.poll(async () => (await asked()).filter(path => path === 'prepareDrag').length).toBe(2)
  await page.mouse.up()
  await page.getByText(/is copied first/).waitFor()
  await page.evaluate(() => (window as unknown as { answer: () => void }).answer())
  await page.getByText(/can be dragged now/).waitFor()
  expect((await asked()).filter(path => path === 'startDrag')).toHaveLength(1)
  await take('IMG_2042.jpg')
  await expect.poll(async () => (await asked()).filter(path => path === 'startDrag').length).toBe(2)
  await page.mouse.up()
  // What the desktop can be told stands in the settings, as far as this one has a place for it.
  await page.keyboard.press('Escape')
  await page.keyboard.press('Control+,')
  const login = page.getByRole('switch', { name: /Start when you log in/ })
  await login.click()
  await expect.poll(() => login.getAttribute('aria-checked')).toBe('true')
  expect(await page.getByRole('switch', { name: /Keep this machine awake/ }).getAttribute('aria-checked')).toBe('false')
  expect(await page.getByRole('switch', { name: /Go on when the window is closed/ }).count()).toBe(0)
  // The first steps say what closing this window means, as things are and as they are set.
  await page.keyboard.press('Escape')
  backend.settings.put({ ...backend.settings.get('settings')!, welcomed: false })
  await page.getByRole('button', { name: 'Cairn', exact: true }).click()
  const set = (closeToTray: boolean | null) =>
    page.evaluate(to => (window as unknown as { change(to: object): void }).change(to), { closeToTray })
  await page.getByText(/this desktop has no tray/).waitFor()
  await set(true)
  await page.getByText(/Cairn goes on in the tray/).waitFor()
  await set(false)
  await page.getByText(/because you have set it so/).waitFor()
  // Whose licences lie beside the program are there to be read, as far as they do.
  backend.about = {
    ...backend.about,
    runtimes: [
      { name: 'Electron', version: '45.4.1', licence: 'MIT', path: null },
      { name: 'Chromium', version: '146.0', licence: 'BSD-3-Clause', path: '/opt/Cairn/LICENSES.chromium.html' },
    ],
  }
  // Its data can be shown by the file manager of this machine.
  await page.keyboard.press('Control+k')
  await page.keyboard.type('about cairn')
  await page.keyboard.press('Enter')
  await page.getByRole('button', { name: 'Show in folder' }).click()
  await expect.poll(asked).toContain('reveal')
  await page.getByText('/opt/Cairn/LICENSES.chromium.html').waitFor()
  await page.getByText(/The file with the text is missing/).waitFor()
  expect(await page.getByRole('button', { name: 'Show Electron’s' }).count()).toBe(0)
  await page.getByRole('button', { name: 'Show Chromium’s' }).click()
  await expect.poll(asked).toContain('showLicence')
  // The one bridge is that of the script; the page itself opened none.
  expect(requests).toHaveLength(1)
})
