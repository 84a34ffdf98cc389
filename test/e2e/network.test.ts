/** What the network view says, over real backends: each number is the one that the backend and the nodes themselves have. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { publish, waitFor } from '../helpers/backend.ts'
import { axe, go, overflow, type Stage, startStage } from '../helpers/browser.ts'

let stage: Stage
beforeAll(async () => {
  stage = await startStage()
})
afterAll(() => stage?.close())

test('a link is checked as a stranger would, a lookup is watched, and what the nodes keep is what they keep', async () => {
  const folder = join(await stage.folder('author'), 'Holiday')
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'beach.txt'), 'waves')
  const ana = await stage.person()
  const { key } = await publish(ana, [folder])
  const announced = await waitFor(
    signal => ana.client.network.watchAnnounces(undefined, { signal }),
    null,
    row => row.key === key,
  )
  const { page, complaints } = await ana.open({ width: 900, height: 600 })
  await go(page, '#/network')
  const main = page.getByRole('main')
  await main.getByRole('heading', { name: 'Online, on this machine only' }).waitFor()
  await main.getByRole('button', { name: 'Check Holiday' }).click()
  const dialog = page.getByRole('dialog', { name: 'Can a friend open Holiday?' })
  await dialog.getByText('Yes, within this machine').waitFor()
  expect(await dialog.getByRole('listitem').allInnerTexts()).toEqual([
    expect.stringContaining('A stranger reached the network'),
    expect.stringContaining('Announced by this machine; '),
    expect.stringContaining('Connected to this machine'),
    expect.stringContaining('one block of it came'),
  ])
  expect(await axe(page)).toEqual([])
  await dialog.getByRole('button', { name: 'Done' }).click()

  await main.getByRole('button', { name: 'Look it up' }).click()
  await main.getByText(/ asked in \d+\.\d s; the closest is 1 hop away\. .* who announces it: this machine\./).waitFor()
  await main.getByText('The nodes, and what they keep').click()
  const row = main.getByRole('row').filter({ has: page.getByRole('rowheader', { name: 'Holiday' }) })
  await row.getByText(`${announced.holders} node`, { exact: false }).waitFor()
  // Where nobody is connected, it is asked there as well.
  await go(page, `#/archive/${key}/peers/`)
  await main.getByRole('button', { name: 'Can a friend open it?' }).click()
  await dialog.getByText('Yes, within this machine').waitFor()
  await dialog.getByRole('button', { name: 'Done' }).click()
  expect(await overflow(page)).toBe(0)
  expect(await axe(page)).toEqual([])
  expect(complaints).toEqual([])
})
