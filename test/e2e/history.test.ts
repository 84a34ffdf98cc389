/** What changed, as a reader sees it on the page: the timeline, a text before and after, and a picture with a line to slide. */
import { chmod, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { publish } from '../helpers/backend.ts'
import { axe, go, overflow, paste, type Stage, startStage } from '../helpers/browser.ts'
import { writeTree } from '../helpers/files.ts'
import { png } from '../renderer-publish/samples.ts'

let stage: Stage
beforeAll(async () => {
  stage = await startStage()
})
afterAll(() => stage?.close())

const lines = (changed: string) =>
  Array.from({ length: 60 }, (_, index) => (index === 30 ? `the ${changed} fox jumps` : `line ${index + 1}`)).join('\n')

/** Ten times what is ten times something, so many times. */
const drawing = (powers: number) => {
  const groups = Array.from({ length: powers }, (_, power) => {
    const inside = power === 0 ? '<rect width="9" height="9"/>' : `<use href="#g${power - 1}"/>`.repeat(10)
    return `<g id="g${power}">${inside}</g>`
  })
  return `<svg xmlns="http://www.w3.org/2000/svg" width="90" height="90">${groups.join('')}</svg>`
}

const shoot = async (page: Page, name: string) => {
  if (process.env['CAIRN_SHOTS'])
    await page.screenshot({ path: join(process.env['CAIRN_SHOTS'], `history-${name}.png`) })
}

test('a text and a picture are shown before and after, by mouse and by keyboard', async () => {
  const source = join(await stage.folder('author'), 'Papers')
  await writeTree(source, {
    'story.txt': lines('quick brown'),
    'sea.png': png(60, 40),
    'drawing.svg': drawing(1),
    'old name.txt': 'it stays as it is',
    'gone.txt': 'gone soon',
    'tool.sh': 'true',
    'sound.bin': Buffer.from([0, 1, 2, 3]),
  })
  const [ana, bob] = await Promise.all([stage.person(), stage.person()])
  const { key, link } = await publish(ana, [source])
  const { length } = await ana.archive(key, ({ source }) => source?.state.name === 'watching')
  await ana.client.publish.pause({ key, paused: true })
  await ana.archive(key, ({ source }) => source?.state.name === 'paused')
  await writeFile(join(source, 'story.txt'), `${lines('slow \u202Ebrown')}\nand one line more\n`)
  await writeFile(join(source, 'sea.png'), png(40, 40))
  await writeFile(join(source, 'drawing.svg'), drawing(9))
  await rename(join(source, 'old name.txt'), join(source, 'new name.txt'))
  await rm(join(source, 'gone.txt'))
  await chmod(join(source, 'tool.sh'), 0o755)
  await writeFile(join(source, 'sound.bin'), Buffer.from([0, 1, 2, 3, 4, 5, 6]))
  await ana.client.publish.pause({ key, paused: false })
  await ana.archive(key, row => row.length > length)

  const { page, complaints } = await bob.open({ width: 1280, height: 800 })
  await paste(page, link)
  await page.getByRole('row').filter({ hasText: 'story.txt' }).first().waitFor()
  await page.getByRole('tab', { name: /^Changes/ }).click()
  const panel = page.getByRole('tabpanel')
  await panel
    .getByRole('button', { name: /renamed/ })
    .first()
    .click()
  await panel.getByRole('button', { name: /Renamed: .*new name\.txt/ }).waitFor()
  await shoot(page, 'timeline')
  expect(await axe(page)).toEqual([])

  // A text: its words, what is folded, and the ways in and out.
  const file = panel.getByRole('button', { name: /Changed: .*story\.txt/ })
  await file.click()
  const comparison = page.getByRole('region', { name: 'story.txt, before and after' })
  const inserted = comparison.getByRole('insertion')
  await expect.poll(() => inserted.allInnerTexts()).toEqual(['slow', '⟦U+202E⟧'])
  expect(await comparison.getByRole('deletion').allInnerTexts()).toEqual(['quick'])
  await comparison.getByText('2 lines added, 1 removed').waitFor()
  await shoot(page, 'unified')
  expect(await axe(page)).toEqual([])
  await comparison.getByRole('button', { name: 'Show 27 unchanged lines' }).click()
  await comparison.getByText('line 4', { exact: true }).waitFor()
  await page.keyboard.press('n')
  await page.keyboard.press('n')
  await comparison.getByText('Change 2 of 2').waitFor()
  expect(await page.evaluate(() => document.activeElement?.textContent)).toContain('and one line more')
  await comparison.getByRole('button', { name: 'Side by side' }).click()
  await shoot(page, 'side-by-side')
  expect(await axe(page)).toEqual([])
  await page.setViewportSize({ width: 420, height: 800 })
  await expect.poll(() => comparison.getByRole('button', { name: 'Side by side' }).count()).toBe(0)
  await shoot(page, 'narrow')
  expect(await overflow(page)).toBe(0)
  await page.setViewportSize({ width: 1280, height: 800 })
  await page.keyboard.press('Escape')
  await comparison.waitFor({ state: 'detached' })
  expect(await file.evaluate(button => button === document.activeElement)).toBe(true)

  // A picture, which has other dimensions now; the browser's own ways through the comparison.
  await panel.getByRole('button', { name: /Changed: .*sea\.png/ }).click()
  const slider = page.getByRole('slider', { name: 'Line between before and after' })
  await page.getByText('Left: before · 60 × 40').waitFor()
  await page.getByText('Right: after · 40 × 40').waitFor()
  await slider.press('Home')
  expect(await slider.getAttribute('aria-valuetext')).toBe('All as it is after')
  await slider.press('ArrowRight')
  expect(await slider.getAttribute('aria-valuetext')).toBe('1% as it was before')
  await slider.fill('60')
  await shoot(page, 'picture')
  expect(await axe(page)).toEqual([])
  // A drawing of a billion shapes holds nothing up.
  await go(page, page.url().replace(/^.*#/, '#').replace('sea.png', 'drawing.svg'))
  await page.getByRole('img', { name: 'Before: drawing.svg' }).waitFor()
  await page.getByText('It draws more than 100,000 shapes.').waitFor()
  // Words are not cut by a line that slides.
  await slider.waitFor({ state: 'detached' })
  await page.goBack()
  await slider.waitFor()
  await page.getByRole('button', { name: 'Side by side' }).click()
  await page.getByRole('img', { name: 'Before: sea.png' }).waitFor()
  await shoot(page, 'pictures')
  await page.reload()
  await page.getByRole('img', { name: 'After: sea.png' }).waitFor()
  await page.getByRole('button', { name: 'Next file' }).click()
  await page.getByText('This is no text, and cannot be compared word by word').waitFor()
  await page.getByText('Before: 4 bytes. After: 7 bytes.').waitFor()
  await shoot(page, 'binary')
  await page.getByRole('button', { name: 'Open it as it was before' }).click()
  await page.getByText(/^You are looking at version/).waitFor()
  await page.goBack()
  await page.getByRole('region', { name: 'sound.bin, before and after' }).waitFor()
  expect(complaints).toEqual([])
})
