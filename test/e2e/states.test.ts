/** The page tells apart why an archive is not shown, says so in words, and heals by itself when the cause is gone. */
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { isFound, publish } from '../helpers/backend.ts'
import { freePort, go, type Opened, paste, type Stage, startStage, startTunnel } from '../helpers/browser.ts'
import { writeTree } from '../helpers/files.ts'
import { nowhere } from '../helpers/testnet.ts'
import { png } from '../renderer-publish/samples.ts'

let stage: Stage
beforeAll(async () => {
  stage = await startStage()
})
afterAll(() => stage?.close())

const nobodysKey = 'y'.repeat(51) + 'o'
const nothingWentWrong = (page: Opened) => expect(page.complaints).toEqual([])

async function shared() {
  const folder = join(await stage.folder('author'), 'Songs')
  await writeTree(folder, { 'one.txt': 'la', 'two.txt': 'la la', 'cover.png': png(30, 20) })
  return folder
}

test('a link that nobody announces says so, and goes on watching', async () => {
  const bob = await stage.person()
  const b = await bob.open()
  await paste(b.page, `hyper://${nobodysKey}`)
  await b.page.getByRole('heading', { name: 'Looking for peers…' }).waitFor()
  await b.page.getByRole('heading', { name: 'Nobody who has this is reachable now' }).waitFor()
  await b.page.getByText('The network answers, and nobody announces this archive.', { exact: false }).waitFor()
  await b.page.getByText('Cairn goes on looking by itself while it runs', { exact: false }).waitFor()
  expect(await b.page.getByText('This archive is empty').count()).toBe(0)
  await b.page.getByRole('button', { name: 'Look again now' }).click()
  await b.page.getByRole('heading', { name: 'Looking for peers…' }).waitFor()
  await b.page.getByRole('heading', { name: 'Nobody who has this is reachable now' }).waitFor()
  nothingWentWrong(b)
})

test('a network that does not answer is another reason', async () => {
  const bob = await stage.person({ bootstrap: nowhere() })
  const b = await bob.open()
  await paste(b.page, `hyper://${nobodysKey}`)
  await b.page.getByRole('heading', { name: 'The network does not answer' }).waitFor({ timeout: 40_000 })
  await b.page.getByText('A firewall that blocks UDP is the usual cause', { exact: false }).waitFor()
  await b.page
    .getByRole('complementary', { name: 'Library' })
    .getByRole('button', { name: 'The network does not answer', exact: true })
    .waitFor()
  nothingWentWrong(b)
})

test('what is not a link is told where it is wrong, and stays in the field', async () => {
  const bob = await stage.person()
  const b = await bob.open()
  const field = b.page.getByRole('textbox', { name: 'Open a link' })
  for (const [text, title, why] of [
    ['hyper://not-a-key', 'This is not a link to an archive', /wrong or missing at “…-a-key”/],
    [`hyper://${'y'.repeat(20)}`, 'This is not a link to an archive', /Its end is missing/],
    [`dat://${'0'.repeat(64)}`, 'This link belongs to the older Dat network', /cannot be opened any more/],
  ] as const) {
    await field.fill(text)
    await field.press('Enter')
    await b.page.getByRole('alert').filter({ hasText: title }).filter({ hasText: why }).waitFor()
    expect(await field.inputValue()).toBe(text)
  }
  await field.fill('')
  await paste(b.page, 'tomorrow at nine')
  await b.page.getByText('What you pasted is not a link to an archive').waitFor()
  await b.page.getByText('Archives whose links you open stand here.').waitFor()
  nothingWentWrong(b)
})

test('a private archive asks for the whole link, and opens with it', async () => {
  const ana = await stage.person()
  const { key, link } = await publish(ana, [await shared()], { private: true })
  expect(link).toContain('#')
  const bob = await stage.person()
  const b = await bob.open()
  await paste(b.page, `hyper://${key}`)
  await b.page.getByRole('heading', { name: 'This archive is private' }).waitFor()
  await b.page.getByRole('textbox', { name: 'Whole link' }).fill(link)
  await b.page.getByRole('main').getByRole('button', { name: 'Open', exact: true }).click()
  await b.page.getByRole('row', { name: /one\.txt/ }).waitFor()
  await b.page.getByRole('heading', { level: 1 }).getByText('Private').waitFor()
  nothingWentWrong(b)
})

test('an author who comes back is found without anybody doing anything, and whoever watches is told', async () => {
  const ana = await stage.person()
  const { key, link } = await publish(ana, [await shared()])
  await ana.close()
  const bob = await stage.person()
  const b = await bob.open()
  await b.context.grantPermissions(['notifications'])
  await paste(b.page, link)
  const main = b.page.getByRole('main')
  await main
    .getByRole('heading', {
      name: /Nobody who has this is reachable now|Whoever announced this does not answer/,
    })
    .waitFor({ timeout: 30_000 })
  await main.getByRole('button', { name: 'Watch for it' }).click()
  await main.getByText('You are told as soon as it is found', { exact: false }).waitFor()
  await main.getByRole('button', { name: 'Stop watching' }).waitFor()
  const library = b.page.getByRole('complementary', { name: 'Library' })
  await library.getByRole('button', { name: /you watch for it/ }).waitFor()
  await library.getByRole('button', { name: 'Cairn' }).click()
  await stage.person({ storage: ana.storage })
  const found = b.page.getByRole('status').filter({ hasText: 'Songs was found' })
  await library.getByRole('button', { name: /found since you looked/ }).waitFor({ timeout: 30_000 })
  await found.getByRole('button', { name: 'Open' }).click()
  await b.page.getByRole('row', { name: /one\.txt/ }).waitFor({ timeout: 30_000 })
  await library.getByRole('button', { name: /found since you looked/ }).waitFor({ state: 'detached' })
  expect((await bob.archive(key, isFound)).watched).toBeNull()
  nothingWentWrong(b)
})

test('a version and a path that are not there are said so, with what is', async () => {
  const ana = await stage.person()
  const { key, link } = await publish(ana, [await shared()])
  const bob = await stage.person()
  await bob.client.archives.open({ link })
  const { length } = await bob.archive(key, isFound)
  const b = await bob.open()
  const main = b.page.getByRole('main')
  await paste(b.page, `hyper://${key}+${length + 7}`)
  await main.getByRole('heading', { name: `There is no version ${length + 7} here yet` }).waitFor()
  await main.getByText(`is version ${length}.`, { exact: false }).waitFor()
  await main.getByRole('button', { name: 'Show the newest version' }).click()
  await b.page.getByRole('row', { name: /one\.txt/ }).waitFor()
  await paste(b.page, `hyper://${key}+${length}/of/old`)
  await main.getByRole('heading', { name: 'old is not here' }).waitFor()
  await main.getByRole('button', { name: 'Go to the top folder' }).click()
  await b.page.getByRole('row', { name: /one\.txt/ }).waitFor()
  nothingWentWrong(b)
})

test('a link from the operating system asks before anything is looked up', async () => {
  const bob = await stage.person()
  const b = await bob.open()
  await go(b.page, `#/ask?link=${encodeURIComponent(`hyper://${nobodysKey}`)}`)
  await b.page.getByRole('heading', { name: 'A link was handed to Cairn' }).waitFor()
  await b.page.getByText(`hyper://${nobodysKey}`).waitFor()
  await b.page.getByText('Archives whose links you open stand here.').waitFor()
  await b.page.getByRole('button', { name: 'Not now' }).click()
  await b.page.getByRole('heading', { name: 'Open a friend’s link' }).waitFor()
  await b.page.getByText('Archives whose links you open stand here.').waitFor()
  nothingWentWrong(b)
})

test('a connection that breaks is said, and the page goes on by itself when it is back', async () => {
  const tunnel = await startTunnel()
  const ana = await stage.person({ allowHosts: [tunnel.host] })
  tunnel.to(Number(new URL(ana.serving.url).port))
  await publish(ana, [await shared()])
  const a = await ana.open({ host: tunnel.host })
  await a.page
    .getByRole('button', { name: /^Songs/ })
    .first()
    .click()
  await a.page.getByRole('row', { name: /one\.txt/ }).waitFor()
  await tunnel.cut()
  await a.page.getByRole('status').getByText('Cairn is not running').waitFor()
  // What was known last stays on the page, and is not passed off as empty.
  await a.page.getByRole('row', { name: /one\.txt/ }).waitFor()
  await tunnel.mend()
  await a.page.getByRole('status').getByText('Cairn is not running').waitFor({ state: 'detached' })
  await a.page.getByRole('row', { name: /two\.txt/ }).click()
  await a.page.getByRole('complementary', { name: 'Details' }).getByText('la la').waitFor()
  // The browser itself says that nobody listened for a while.
  expect(a.complaints.filter(complaint => !complaint.includes('ERR_CONNECTION'))).toEqual([])
  await a.close()
  await tunnel.close()
})

test('a backend that was ended is said, and the page goes on by itself when it is started again', async () => {
  const port = await freePort()
  const ana = await stage.person({ port })
  await publish(ana, [await shared()])
  const a = await ana.open()
  await a.page
    .getByRole('button', { name: /^Songs/ })
    .first()
    .click()
  await a.page.getByRole('row', { name: /one\.txt/ }).waitFor()
  await ana.close()
  await a.page.getByRole('status').getByText('Cairn is not running').waitFor()
  await stage.person({ storage: ana.storage, port })
  await a.page.getByRole('status').getByText('Cairn is not running').waitFor({ state: 'detached' })
  await a.page.getByRole('row', { name: /two\.txt/ }).click()
  await a.page.getByRole('complementary', { name: 'Details' }).getByText('la la').waitFor()
  // Also what comes from the other host name, which the page's policy has named before the restart.
  await a.page.getByRole('row', { name: /cover\.png/ }).click()
  await a.page.getByText('30 × 20').waitFor()
  expect(a.complaints.filter(complaint => !complaint.includes('ERR_CONNECTION'))).toEqual([])
})
