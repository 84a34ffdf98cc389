/** Looking in Chromium at what is as large as it gets: a film of 1 GiB that is with a friend, and 100,000 entries. */
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import Hyperdrive from 'hyperdrive'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { isFound, publish } from '../helpers/backend.ts'
import { paste, type Stage, startStage } from '../helpers/browser.ts'
import { longFilm } from '../helpers/media.ts'
import { plainPeer } from '../helpers/plain.ts'

let stage: Stage
beforeAll(async () => {
  stage = await startStage()
})
afterAll(() => stage?.close())

const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!

test('a film of 1 GiB is sought in at once, and little of it is fetched', async () => {
  const seconds = 2200
  const folder = await stage.folder('author')
  const file = await open(join(folder, 'film.webm'), 'w')
  for (const part of await longFilm(stage.browser, 10, seconds / 10, 8_600_000)) await file.write(part)
  await file.close()
  const [ana, bob] = await Promise.all([stage.person(), stage.person()])
  const { key, link } = await publish(ana, [folder], { milliseconds: 300_000 })
  await bob.client.archives.open({ link })
  const { held } = await bob.archive(key, isFound)
  expect(held.ofBytes).toBeGreaterThan(900_000_000)

  const { page, complaints } = await bob.open()
  await paste(page, link)
  await page.getByRole('row', { name: /film\.webm/ }).click()
  await page.getByRole('grid').press(' ')
  const film = page.getByRole('dialog', { name: 'film.webm' }).locator('video')
  const took = await film.evaluate(async (element, seconds) => {
    const media = element as HTMLVideoElement
    if (media.readyState < 2)
      await new Promise(resolve => media.addEventListener('loadeddata', resolve, { once: true }))
    const took: number[] = []
    for (let index = 0; index < 20; index++) {
      const began = performance.now()
      const seeked = new Promise(resolve => media.addEventListener('seeked', resolve, { once: true }))
      media.currentTime = ((index * 7 + 3) % 20) * (seconds / 20) + 17.3
      await seeked
      took.push(performance.now() - began)
    }
    return took
  }, seconds)
  const after = await bob.archive(key, isFound)
  console.log(
    `seeks: median ${median(took).toFixed(0)} ms, longest ${Math.max(...took).toFixed(0)} ms; fetched ${(after.held.bytes / 2 ** 20).toFixed(0)} MiB for ${took.length} seeks`,
  )
  expect(median(took)).toBeLessThan(300)
  expect(after.held.bytes).toBeLessThan(200_000_000)
  expect(complaints).toEqual([])
})

test('100,000 entries are scrolled through without a stop', async () => {
  const { store, swarm } = await plainPeer(stage.bootstrap)
  const drive = new Hyperdrive(store)
  await drive.ready()
  for (let at = 0; at < 100_000; at += 5000) {
    const batch = drive.batch()
    for (let index = at; index < at + 5000; index++)
      await batch.putEntry(`/many/entry ${String(index).padStart(6, '0')}.txt`, { blob: null })
    await batch.flush()
  }
  await swarm.join(drive.discoveryKey, { client: true, server: true }).flushed()
  const bob = await stage.person()
  const { page, complaints } = await bob.open()
  await paste(page, `hyper://${drive.key.toString('hex')}`)
  await page.getByRole('row', { name: /^many/ }).dblclick()
  const grid = page.getByRole('grid', { name: 'Files in many' })
  await grid.getByRole('row', { name: /entry 000000/ }).waitFor()

  const scroll = () =>
    grid.evaluate(
      element =>
        new Promise<{ frames: number[]; rows: number; tasks: number[] }>(resolve => {
          const frames: number[] = []
          const tasks: number[] = []
          const observer = new PerformanceObserver(list => tasks.push(...list.getEntries().map(task => task.duration)))
          observer.observe({ entryTypes: ['longtask'] })
          let last = performance.now()
          let rows = 0
          const next = () => {
            const now = performance.now()
            frames.push(now - last)
            last = now
            rows = Math.max(rows, element.querySelectorAll('[role=row]').length)
            element.scrollTop += 400
            if (frames.length < 400) requestAnimationFrame(next)
            else {
              observer.disconnect()
              resolve({ frames, rows, tasks })
            }
          }
          requestAnimationFrame(next)
        }),
    )
  const tell = (what: string, { frames, rows, tasks }: Awaited<ReturnType<typeof scroll>>) => {
    const sorted = [...frames].sort((a, b) => a - b)
    const p95 = sorted[Math.floor(sorted.length * 0.95)]!
    console.log(
      `${what}: frames p50 ${median(frames).toFixed(0)} ms, p95 ${p95.toFixed(0)} ms, longest ${sorted.at(-1)!.toFixed(0)} ms; ${tasks.length} long tasks, longest ${Math.max(0, ...tasks).toFixed(0)} ms; ${rows} rows at most`,
    )
    expect(rows).toBeLessThan(90)
    return p95
  }
  tell('while it is read', await scroll())
  const began = Date.now()
  await grid.press('End')
  await grid.getByRole('row', { name: /entry 099999/ }).waitFor({ timeout: 120_000 })
  console.log(`to the end: ${Date.now() - began} ms`)
  await grid.press('Home')
  await grid.getByRole('row', { name: /entry 000000/ }).waitFor()
  expect(tell('when all of it is there', await scroll())).toBeLessThan(200)
  await grid.pressSequentially('entry 05')
  await grid.getByRole('row', { name: /entry 050000/ }).waitFor()
  const heap = await page.evaluate(
    () => (performance as unknown as { memory: { usedJSHeapSize: number } }).memory.usedJSHeapSize,
  )
  console.log(`heap of the page: ${Math.round(heap / 1e6)} MB`)
  expect(complaints).toEqual([])
})
