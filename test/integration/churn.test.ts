/** A folder in which everything moves while it is published: it ends, it says what was left out, and mixes nothing. */
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { begin, isDone, publish, startPerson } from '../helpers/backend.ts'
import { churn, wasOnce } from '../helpers/churn.ts'
import { readTree, temporaryFolder, writeTree } from '../helpers/files.ts'
import { follow, type Follower } from '../helpers/plain.ts'
import { startTestnet, type Testnet } from '../helpers/testnet.ts'

let testnet: Testnet
beforeAll(async () => {
  testnet = await startTestnet()
})
afterAll(() => testnet.close())

/** Every content that any version names below `/churn/`. */
async function contents({ drive }: Follower, versions: readonly number[]) {
  const found = new Map<string, { readonly path: string; readonly bytes: Buffer }>()
  for (const version of versions) {
    const snapshot = drive.checkout(version)
    await snapshot.ready()
    for await (const { key, value } of snapshot.entries({ gt: '/', lt: '0' })) {
      if (!key.startsWith('/churn/')) continue
      const place = JSON.stringify(value.blob)
      if (!found.has(place) && value.blob) {
        const bytes = await (await drive.getBlobs()).get(value.blob)
        found.set(place, { path: key, bytes: bytes! })
      }
    }
    await snapshot.close()
  }
  return [...found.values()]
}

test('files that appear, change and vanish while they are published', async () => {
  const source = await temporaryFolder('source')
  await writeTree(source, Object.fromEntries(Array.from({ length: 400 }, (_, at) => [`calm/${at}`, `calm ${at}`])))
  await writeFile(join(source, 'log'), '')
  const moving = churn(source, { always: 'always', log: 'log' })
  onTestFinished(() => moving.stop())
  await expect.poll(() => moving.rounds).toBeGreaterThan(50)

  const ana = await startPerson(testnet.bootstrap)
  const { key, transfer } = await begin(ana, [source], { title: 'Churn' })
  const { skipped } = await ana.transfer(transfer, isDone)
  for (const { path, reason } of skipped) {
    expect(path).toMatch(/^\/(churn|always|log)/)
    expect(['changing', 'vanished']).toContain(reason)
  }
  expect(skipped).toContainEqual(expect.objectContaining({ path: '/always', reason: 'changing' }))
  const follower = await follow(testnet.bootstrap, key)
  const { length } = await ana.archive(key, row => !row.stillBeingAdded)
  await follower.knows(length)
  const first = Object.keys(await follower.tree(length))
  expect(first.filter(path => path.startsWith('calm/'))).toHaveLength(400)
  expect(first).not.toContain('always')
  await moving.stop()

  const after = await readTree(source)
  await expect
    .poll(async () => {
      const row = await ana.archive(key, ({ source }) => source?.state.name !== 'importing')
      if (row.source?.state.name === 'asks-removal') await ana.client.publish.answerRemoval({ key, remove: true })
      await follower.knows(row.length)
      return follower.tree(row.length)
    })
    .toEqual(after)
  const found = await contents(follower, [length, ...follower.heard])
  expect(found.length).toBeGreaterThan(10)
  expect(found.filter(({ bytes }) => !wasOnce(bytes)).map(({ path }) => path)).toEqual([])
})

test('a file that is gone again before the watcher has told of it does not stay', async () => {
  const source = await temporaryFolder('source')
  await writeTree(source, { stays: 'stays', busy: '' })
  const ana = await startPerson(testnet.bootstrap)
  const { key } = await publish(ana, [source])
  await ana.archive(key, row => row.source?.state.name === 'watching')
  // The watcher gathers what happens for half a second, and says nothing of what came and went in it.
  let busy = true
  const writing = (async () => {
    for (let round = 0; busy; round++) {
      await writeFile(join(source, 'busy'), `${round}`)
      await new Promise(resolve => setTimeout(resolve, 5))
    }
  })()
  const held = async (path: string) => (await ana.client.read.entry({ key, version: null, path })) !== null
  const caught: string[] = []
  for (let round = 0; round < 5; round++) {
    const path = `/temporary-${round}`
    await writeFile(join(source, path), path)
    // Everything is looked at at once.
    await ana.client.publish.answerRemoval({ key, remove: true })
    await expect.poll(() => held(path), { interval: 5 }).toBe(true)
    await rm(join(source, path))
    caught.push(path)
  }
  busy = false
  await writing
  for (const path of caught) await expect.poll(() => held(path)).toBe(false)
})
