/** The file that a person sends to somebody who helps, of a Cairn that has shared, failed and been named things. */
import { appendFile, mkdir, readFile, writeFile } from 'node:fs/promises'
import { homedir, hostname, userInfo } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { logPath } from '../../main/lib/log.ts'
import { desktopFolder } from '../../main/lib/places.ts'
import { begin, isDone, isFound, startPerson } from '../helpers/backend.ts'
import { temporaryFolder } from '../helpers/files.ts'
import { hostOf, startTestnet, type Testnet } from '../helpers/testnet.ts'

let testnet: Testnet
beforeAll(async () => {
  testnet = await startTestnet()
})
afterAll(() => testnet.close())

test('it tells how things stand, and nothing of who, what and where', async () => {
  const [ana, ben] = [await startPerson(testnet.bootstrap), await startPerson(testnet.bootstrap)]
  const folder = join(await temporaryFolder('cairn-source'), 'Zanzibar journey')
  await mkdir(folder)
  await writeFile(join(folder, 'quokka.txt'), 'a small animal')
  await ana.client.settings.update({ author: 'Wilhelmina' })
  const { key, link, transfer } = await begin(ana, [folder])
  await ana.transfer(transfer, isDone)
  await ben.client.archives.open({ link })
  await ben.archive(key, isFound)
  const { publicKey } = (await first(ana.client.network.watch())).find(change => change.op === 'put')!.item
  await ben.client.names.set({ id: publicKey, name: 'Ferdinand' })
  // Told by the window of the desktop, which has a log of its own, and later than what follows.
  const failed = {
    level: 60,
    time: new Date(Date.now() + 60_000),
    err: { type: 'RangeError' },
    msg: 'the backend failed',
  }
  await mkdir(desktopFolder(ben.storage))
  await appendFile(logPath(desktopFolder(ben.storage)), `${JSON.stringify(failed)}\n`)
  // As it is when something that nobody has foreseen goes wrong.
  const err = { type: 'Error', message: `no block 7 of ${key}, said Ferdinand at 10.11.12.13`, stack: '' }
  await appendFile(
    logPath(ben.storage),
    `${JSON.stringify({ level: 50, time: new Date(), key, err, msg: 'an archive could not be read' })}\n`,
  )

  for (const person of [ana, ben]) {
    const page = person === ana ? ({ name: 'Firefox', version: 144 } as const) : null
    const { name, text } = await person.client.machine.diagnostics({ page })
    expect(name).toMatch(/^cairn-diagnostics-[\d-]+T\d\d-\d\d\.json$/)
    const secrets = [
      'Zanzibar',
      'quokka',
      'Wilhelmina',
      'Ferdinand',
      folder,
      person.storage,
      homedir(),
      key,
      publicKey,
      '127.0.0.1',
      hostOf(testnet.bootstrap),
      '10.11.',
    ]
    for (const secret of [...secrets, hostname(), ...(userInfo().username.length > 4 ? [userInfo().username] : [])])
      expect(text.toLowerCase()).not.toContain(secret.toLowerCase())
    expect(text).not.toMatch(/[ybndrfg8ejkmcpqxot1uwisza345h769]{52}|[0-9a-f]{64}|hyper:/)
    const told = JSON.parse(text)
    expect(told.archives).toMatchObject([
      { archive: 'archive-1', ownership: person === ana ? 'yours' : 'friends', state: 'found', files: 1, peers: 1 },
    ])
    expect(told.network).toMatchObject({ verdict: expect.any(String), peers: 1, beginsWith: { chosen: 'start' } })
    expect(told.program).toMatchObject({ page, node: process.versions.node, modules: { hypercore: '11.37.1' } })
    expect(told.process.memory.resident).toBeGreaterThan(10_000_000)
    expect(told.process.loopDelay.p99).toBeGreaterThanOrEqual(0)
    expect(told.disk.store).toBeGreaterThan(0)
    if (person === ben)
      expect(told.errors).toMatchObject([
        {
          archive: 'archive-1',
          said: 'an archive could not be read',
          error: { message: 'no block 7 of archive-1, said […] at […]' },
        },
        { level: 'error', said: 'the backend failed', error: { type: 'RangeError' } },
      ])
  }
})

test('what is known of the program: its versions, its folder and its log', async () => {
  const { client, storage } = await startPerson(testnet.bootstrap)
  const about = await client.machine.about()
  const { version } = JSON.parse(await readFile('package.json', 'utf8')) as { version: string }
  expect(about).toMatchObject({
    version,
    licence: 'MIT',
    storage,
    electron: null,
    log: { path: logPath(storage), atMost: 2_000_000 },
  })
  const installed = JSON.parse(await readFile('node_modules/hyperdrive/package.json', 'utf8')) as { version: string }
  expect(about.modules).toContainEqual({ name: 'hyperdrive', version: installed.version })
  for (const { version: one } of about.modules) expect(one).toMatch(/^\d+\.\d+\.\d+$/)
})

test('who had agreed before there were first steps is not shown them', async () => {
  const welcomedBy = async (file: object | null) => {
    const storage = await temporaryFolder('cairn-storage')
    if (file !== null) await writeFile(join(storage, 'settings.json'), JSON.stringify(file))
    const { client, close } = await startPerson(testnet.bootstrap, { storage, join: false, consented: false })
    const [, put] = await first(client.settings.watch())
    await close()
    return put?.op === 'put' && put.item.welcomed
  }
  expect(await welcomedBy(null)).toBe(false)
  expect(await welcomedBy({ consented: false, theme: 'dark' })).toBe(false)
  expect(await welcomedBy({ consented: true, theme: 'dark' })).toBe(true)
  expect(await welcomedBy({ consented: true, welcomed: false })).toBe(false)
})

async function first<T>(stream: AsyncIterable<T>): Promise<T> {
  for await (const value of stream) return value
  throw new Error('It ended')
}
