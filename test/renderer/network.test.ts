/** The network view: words, a link that is checked, a lookup that is watched, and the nodes, over a scripted backend. */
import { expect, test } from 'vitest'
import { keyOf, lookupNodes, numbers, table } from './fixtures.ts'
import { axe, browserPages } from './page.ts'

const open = browserPages()

const SIZES = [
  ['light', { width: 1280, height: 900 }],
  ['dark and narrow', { width: 420, height: 600, dark: true }],
] as const

test.each(SIZES)('what is known is told in words, numbers and pictures: %s', async (name, size) => {
  const { page, complaints, backend } = await open({ ...size, at: '#/network' })
  const main = page.getByRole('main')
  await main.getByRole('heading', { name: 'Online, and reachable from outside' }).waitFor()
  await main.getByText('What this is known from').click()
  await main.getByText('214 nodes of the network are known here.').waitFor()
  await main.getByRole('button', { name: 'Look it up' }).click()
  await main.getByRole('img', { name: `${lookupNodes.length} nodes in 4 hops` }).waitFor()
  await main.getByText(/46 nodes asked in 1\.6 s, 4 of them silent; the closest is 4 hops away\./).waitFor()
  expect(backend.calls.filter(call => call.name === 'network.lookup')).toMatchObject([{ input: { fresh: true } }])
  await main.getByText('The same as a table').click()
  expect(await main.getByRole('region', { name: 'Nodes that were asked' }).getByRole('row').count()).toBe(47)
  await main.getByText('The nodes, and what they keep').click()
  await main.getByRole('table').filter({ hasText: 'Leading bits alike' }).waitFor()
  const known = table.buckets.reduce((sum, { nodes }) => sum + nodes.length, 0)
  expect(await main.locator('dl').last().innerText()).toContain(`Nodes known\n${known}`)
  await main.getByRole('table').filter({ hasText: 'Kept by' }).getByText('20 nodes', { exact: true }).waitFor()
  expect(await axe(page, { by: 'all', withoutLibrary: true })).toEqual([])
  expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0)
  const shots = process.env['CAIRN_SHOTS']
  if (shots !== undefined) {
    await main.getByRole('heading', { name: 'Nodes by closeness' }).scrollIntoViewIfNeeded()
    await page.mouse.move(500, 400)
    await page.mouse.wheel(0, 500)
    await page.waitForTimeout(300)
    await page.screenshot({ path: `${shots}/network-${name}-nodes.png` })
    await main.getByRole('button', { name: 'Look it up' }).scrollIntoViewIfNeeded()
    await page.screenshot({ path: `${shots}/network-${name}-lookup.png` })
    await main.getByRole('heading', { name: 'Online, and reachable' }).scrollIntoViewIfNeeded()
    await page.screenshot({ path: `${shots}/network-${name}-words.png` })
  }
  await page.goto(page.url().replace(/#.*/, `#/archive/${keyOf(numbers.holiday)}/files/`))
  await page.getByRole('button', { name: 'Share', exact: true }).click()
  await page.getByRole('menuitem', { name: /Can a friend open it/ }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByText('It cannot be told from here').waitFor()
  expect(await dialog.getByRole('listitem').count()).toBe(4)
  expect(await axe(page, { by: 'all', withoutLibrary: true })).toEqual([])
  if (shots !== undefined) await page.screenshot({ path: `${shots}/network-${name}-check.png` })
  await page.keyboard.press('Escape')
  await dialog.waitFor({ state: 'detached' })

  // Nodes of one's own: what is none is said to be none, and not kept.
  await page.keyboard.press('Control+,')
  const field = page.getByRole('textbox', { name: 'Nodes to begin with' })
  await field.fill('example.org')
  await page.getByText('Write HOST:PORT').waitFor()
  if (shots !== undefined) await page.screenshot({ path: `${shots}/network-${name}-settings.png` })
  await field.blur()
  await field.fill('192.168.1.20:49737 example.org:1234')
  await field.blur()
  await expect
    .poll(() => backend.calls.filter(call => call.name === 'settings.update').map(({ input }) => input))
    .toEqual([{ bootstrap: ['192.168.1.20:49737', 'example.org:1234'] }])
  expect(complaints).toEqual([])
})
