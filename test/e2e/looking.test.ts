/** What a friend's archive looks like when it is large, from a plain author: long lists, many pictures, long texts. */
import Hyperdrive from 'hyperdrive'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { paste, type Stage, startStage } from '../helpers/browser.ts'
import { plainPeer } from '../helpers/plain.ts'
import { startTrap, type Trap } from '../helpers/trap.ts'
import { png } from '../renderer-publish/samples.ts'

const MANY = 20_000
const PICTURES = 300

let trap: Trap
let stage: Stage
beforeAll(async () => {
  trap = await startTrap()
  stage = await startStage([trap.rule])
})
afterAll(async () => {
  await stage?.close()
  await trap.close()
})

/** A picture that says of itself that it is so large that it would fill all memory. */
function enormous(): Buffer {
  const picture = png(4, 4)
  picture.writeUInt32BE(60_000, 16)
  picture.writeUInt32BE(60_000, 20)
  return picture
}

const svg =
  '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><script>fetch("http://evil.example/svg")</script><image href="http://evil.example/svg.png" width="9" height="9"/></svg>'

async function author(): Promise<string> {
  const { store, swarm } = await plainPeer(stage.bootstrap)
  const drive = new Hyperdrive(store)
  await drive.ready()
  const blobs = await drive.getBlobs()
  const place = async (bytes: Buffer) => {
    const at = { blockOffset: blobs.core.length, byteOffset: blobs.core.byteLength }
    await blobs.core.append(bytes)
    return { ...at, blockLength: 1, byteLength: bytes.length }
  }
  const shown = await place(png(320, 200))
  const batch = drive.batch()
  const put = (path: string, blob: Awaited<ReturnType<typeof place>> | null) => batch.putEntry(path, { blob })
  for (let index = 0; index < MANY; index++) await put(`/many/entry ${String(index).padStart(6, '0')}.txt`, null)
  for (let index = 0; index < PICTURES; index++)
    await put(`/pictures/photo ${String(index).padStart(3, '0')}.png`, shown)
  await put('/pictures/!enormous.png', await place(enormous()))
  await put('/pictures/!page.png', await place(Buffer.from('<img src="http://evil.example/page.png">')))
  await put('/pictures/!vector.svg', await place(Buffer.from(svg)))
  const lines = Array.from({ length: 30_000 }, (_, index) => `line ${index} of a long log\n`).join('')
  await put('/long.log', await place(Buffer.from(lines)))
  await batch.flush()
  await swarm.join(drive.discoveryKey, { client: true, server: true }).flushed()
  return `hyper://${drive.key.toString('hex')}`
}

const row = (page: Page, name: string) => page.getByRole('row').filter({ has: page.getByText(name, { exact: true }) })

/** Scrolls as a hand on a wheel does, and says how long the longest time between two pictures was, in milliseconds. */
const scrollThrough = (page: Page, frames: number, step: number) =>
  page.getByRole('grid').evaluate(
    (element, { frames, step }) =>
      new Promise<{ longest: number; rows: number }>(resolve => {
        let last = performance.now()
        let longest = 0
        let rows = 0
        let frame = 0
        const next = () => {
          const now = performance.now()
          longest = Math.max(longest, now - last)
          last = now
          rows = Math.max(rows, element.querySelectorAll('[role=row]').length)
          element.scrollTop += step
          if (++frame < frames) requestAnimationFrame(next)
          else resolve({ longest, rows })
        }
        requestAnimationFrame(next)
      }),
    { frames, step },
  )

test('long lists scroll, sizes come later, tiles fetch what is seen, and long texts have an end', async () => {
  const link = await author()
  const bob = await stage.person()
  const opened = await bob.open()
  const { page, requests, complaints } = opened
  await paste(page, link)

  // Names first, sizes when they are known.
  await row(page, 'many').waitFor()
  await row(page, 'pictures')
    .locator(`span[title="${PICTURES + 3} files"]`)
    .waitFor()
  await row(page, 'many').locator('span[title="20,000 files"]').waitFor()

  await row(page, 'many').dblclick()
  const grid = page.getByRole('grid', { name: 'Files in many' })
  await row(page, 'entry 000000.txt').waitFor()
  const { longest, rows } = await scrollThrough(page, 120, 240)
  expect(rows).toBeLessThan(90)
  // A list whose rows were all drawn would stand still for longer, on any machine.
  expect(longest).toBeLessThan(3000)
  await grid.press('End')
  await row(page, 'entry 019999.txt').waitFor()
  await grid.press('Home')
  await row(page, 'entry 000000.txt').waitFor()
  await grid.pressSequentially('entry 015')
  await row(page, 'entry 015000.txt').waitFor()
  expect(await grid.getByRole('row', { selected: true }).innerText()).toContain('015000')

  await page.getByRole('button', { name: 'To the folder above' }).click()
  await row(page, 'long.log').click()
  const details = page.getByRole('complementary', { name: 'Details' })
  await details.getByText('line 0 of a long log').waitFor()
  await details.getByRole('button', { name: 'Go to the end' }).click()
  await details.getByText('line 29999 of a long log').waitFor()
  await details.getByRole('button', { name: 'Back to the start' }).click()
  await details.getByText('line 0 of a long log').waitFor()

  await row(page, 'pictures').dblclick()
  await row(page, 'photo 000.png').waitFor()
  await page.getByRole('button', { name: 'Show as a grid' }).click()
  const tiles = page.getByRole('listbox')
  const tile = (name: string) => tiles.getByRole('option').filter({ has: page.getByText(name, { exact: true }) })
  await tile('photo 003.png').locator('[data-thumbnail]').waitFor()
  // Neither a picture that would fill all memory, nor a page that is called one, nor what could run.
  for (const name of ['!enormous.png', '!page.png', '!vector.svg'])
    expect(await tile(name).locator('[data-thumbnail], img').count()).toBe(0)
  const asked = () => new Set(requests.filter(request => /photo(%20| )\d+\.png/.test(request))).size
  expect(asked()).toBeLessThan(120)
  await tiles.press('End')
  await tile('photo 299.png').locator('[data-thumbnail]').waitFor()
  expect(asked()).toBeLessThan(220)
  await tiles.press('Home')
  await tile('!enormous.png').click()
  await details.getByText('This picture is too large to be shown here').waitFor()
  await tile('!vector.svg').click()
  await details.getByRole('img', { name: '!vector.svg' }).waitFor()

  expect(trap.caught()).toEqual([])
  expect(complaints).toEqual([])
})
