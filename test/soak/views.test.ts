/** Every view in the dark, and where there is little room: what the browser's tests see of it on a desk in the light. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startViews, type Views, walk } from '../helpers/views.ts'

let views: Views
beforeAll(async () => {
  views = await startViews()
})
afterAll(() => views?.stage.close())

test.each([
  ['dark', 1280, 800],
  ['dark', 420, 800],
  ['light', 420, 800],
  ['light', 900, 600],
] as const)('every view, %s, %i × %i', async (theme, width, height) => {
  expect(await walk(views, width, height, theme)).toEqual([])
})
