/** A pinned link on the page: what it spoke of or nothing, after a restart too; and a file that is saved with its receipt. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Download } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parseReceipt, verify } from '../../main/proofs/receipt.ts'
import { isFound, publish } from '../helpers/backend.ts'
import { axe, go, overflow, paste, type Stage, startStage } from '../helpers/browser.ts'
import { writeTree } from '../helpers/files.ts'

let stage: Stage
beforeAll(async () => {
  stage = await startStage()
})
afterAll(() => stage?.close())

test('a bent link is refused with both hashes, before and after a restart; a file is saved with its receipt', async () => {
  const source = join(await stage.folder('author'), 'Letters')
  await writeTree(source, { 'said.txt': 'what I said', 'other.txt': 'other' })
  const [ana, bob] = await Promise.all([stage.person(), stage.person()])
  const { key } = await publish(ana, [source])
  const { length } = await ana.archive(key, isFound)
  const { link } = await ana.client.archives.pinnedLink({ key, version: length, path: '/' })
  await writeFile(join(source, 'said.txt'), 'what I say now')
  await ana.archive(key, row => row.length > length)
  const [, hash = ''] = /\.([a-z0-9]{52})$/.exec(link) ?? []
  const wrong = `${hash.startsWith('b') ? 'y' : 'b'}${hash.slice(1)}`

  const { page, complaints } = await bob.open()
  const said = page.getByRole('row').filter({ has: page.getByText('said.txt', { exact: true }) })
  await paste(page, link)
  await said.waitFor()
  await page.getByText('as pinned', { exact: true }).waitFor()
  expect(await axe(page)).toEqual([])
  const shots = process.env['CAIRN_SHOTS']
  if (shots !== undefined) {
    await page.screenshot({ path: join(shots, 'pinned-shown.png') })
    await page.setViewportSize({ width: 420, height: 700 })
    await page.screenshot({ path: join(shots, 'pinned-shown-420.png') })
    await page.setViewportSize({ width: 1280, height: 800 })
  }
  const address = new URL(page.url()).hash
  expect(address).toContain(hash)

  const downloads: Download[] = []
  page.on('download', download => downloads.push(download))
  page.context().on('page', other => other.on('download', download => downloads.push(download)))
  await said.click({ button: 'right' })
  await page.getByRole('menuitem', { name: /^Save with a proof/ }).click()
  await expect.poll(() => downloads.length).toBe(2)
  const saved = await Promise.all(
    downloads.map(async download => [download.suggestedFilename(), await readFile(await download.path())] as const),
  )
  const { 'said.txt': file, 'said.txt.cairn-receipt': receipt } = Object.fromEntries(saved)
  let at = 0
  const statement = await verify(parseReceipt(receipt!), size => Promise.resolve(file!.subarray(at, (at += size))))
  expect([file!.toString(), statement]).toEqual(['what I said', { key, version: length, path: '/said.txt', size: 11 }])

  // Checked on the page: both right, then each with one bit that is another one.
  await page.getByRole('button', { name: 'More', exact: true }).click()
  await page.getByRole('menuitem', { name: /^Check a receipt/ }).click()
  const dialog = page.getByRole('dialog', { name: 'Check a receipt' })
  const flipped = (bytes: Buffer) => Buffer.from(bytes.map((byte, at) => (at === bytes.length >> 1 ? byte ^ 1 : byte)))
  const check = async (given: Buffer, proof: Buffer, verdict: string) => {
    await dialog.getByLabel('The file', { exact: true }).setInputFiles([
      { name: 'said.txt', mimeType: 'text/plain', buffer: given },
      { name: 'said.txt.cairn-receipt', mimeType: 'application/octet-stream', buffer: proof },
    ])
    await dialog.getByRole('button', { name: 'Check', exact: true }).click()
    await dialog.getByText(verdict, { exact: true }).waitFor()
  }
  await check(flipped(file!), receipt!, 'This receipt is not for this file')
  await check(file!, flipped(receipt!), 'This is no receipt')
  await check(Buffer.concat([file!, file!]), receipt!, 'This receipt is not for this file')
  await check(file!, Buffer.alloc(5_000_000, 'Cairn receipt'), 'This is no receipt')
  await check(file!, receipt!, 'It is so: every bit of this file was in the archive.')
  const proven = dialog.getByRole('region', { name: 'Proven' })
  expect(await proven.innerText()).toContain(`hyper://${key}`)
  expect(await axe(page)).toEqual([])
  if (shots !== undefined) await page.screenshot({ path: join(shots, 'receipt-proven.png') })
  await proven.getByRole('button', { name: 'Open that version' }).click()
  await dialog.waitFor({ state: 'detached' })
  await page.getByText(`You are looking at version ${length}`).first().waitFor({ state: 'attached' })

  const refusal = page.getByRole('alert').filter({ hasText: 'This is not the version that your friend pinned' })
  const refused = async () => {
    await refusal.waitFor()
    await refusal.getByText(hash).waitFor()
    await refusal.getByText(wrong).waitFor()
    expect(await page.getByRole('row').count()).toBe(0)
  }
  await paste(page, link.replace(hash, wrong))
  await refused()
  expect(await axe(page)).toEqual([])
  await page.setViewportSize({ width: 420, height: 600 })
  expect(await overflow(page)).toBe(0)
  await page.setViewportSize({ width: 1280, height: 800 })
  if (shots !== undefined) {
    await page.screenshot({ path: join(shots, 'pinned-refused.png') })
    await page.setViewportSize({ width: 420, height: 700 })
    await page.screenshot({ path: join(shots, 'pinned-refused-420.png') })
    await page.setViewportSize({ width: 900, height: 600 })
    await page.emulateMedia({ colorScheme: 'dark' })
    await page.screenshot({ path: join(shots, 'pinned-refused-dark.png') })
  }
  expect(complaints).toEqual([])
  await bob.close()

  // Another backend knows of no link that was opened before: the address does.
  const again = await stage.person({ storage: bob.storage })
  const opened = await again.open()
  await go(opened.page, address.replace(hash, wrong))
  const alert = opened.page.getByRole('alert').filter({ hasText: 'This is not the version' })
  await alert.getByText(hash).waitFor()
  expect(await opened.page.getByRole('row').count()).toBe(0)
  await opened.page.getByRole('button', { name: /^Show version .* as it is$/ }).click()
  await opened.page.getByRole('row').filter({ hasText: 'said.txt' }).waitFor()
  expect(opened.complaints).toEqual([])
})
