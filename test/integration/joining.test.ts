/** Many archives join the network and leave it: in which order, how far, and over how many connections. As the nodes of the DHT see it. */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import Hypercore from 'hypercore'
import { expect, onTestFinished, test } from 'vitest'
import { decodeKey, encodeKey } from '../../main/archives/links.ts'
import { begin, isFound, type Person, startPerson, waitFor } from '../helpers/backend.ts'
import { temporaryFolder, writeTree } from '../helpers/files.ts'
import { announcedAt, startTestnet } from '../helpers/testnet.ts'

const MANY = 40
const topicOf = (key: string) => Hypercore.discoveryKey(decodeKey(key)).toString('hex')

/** `seen`: the topics that were looked for or announced, in the order in which a node heard of them first. */
async function watchedTestnet() {
  const testnet = await startTestnet()
  onTestFinished(() => testnet.close())
  const seen: string[] = []
  for (const node of testnet.nodes) {
    const inside = node as unknown as { onrequest(request: { readonly target: Buffer | null }): boolean }
    const answer = inside.onrequest.bind(node)
    inside.onrequest = request => {
      const topic = request.target?.toString('hex')
      if (topic !== undefined && !seen.includes(topic)) seen.push(topic)
      return answer(request)
    }
  }
  return {
    bootstrap: testnet.bootstrap,
    seen,
    isAnnounced: (key: string) => announcedAt(testnet.nodes, topicOf(key)) > 0,
  }
}

async function publishMany(person: Person, many: number): Promise<readonly string[]> {
  const folder = await temporaryFolder('many')
  return Promise.all(
    Array.from({ length: many }, async (_, index) => {
      const source = join(folder, `${index}`)
      await mkdir(source)
      await writeTree(source, { 'file.txt': `${index}` })
      return (await begin(person, [source])).key
    }),
  )
}

test('what is looked at is announced first, what is paused never, and what is left is taken back', async () => {
  const { bootstrap, seen, isAnnounced } = await watchedTestnet()
  const ana = await startPerson(bootstrap, { consented: false })
  const keys = await publishMany(ana, MANY)
  const paused = encodeKey(Buffer.alloc(32, 7))
  await ana.client.archives.open({ link: paused })
  await ana.client.archives.pause({ key: paused, paused: true })
  const looked = keys[MANY - 3]!
  await ana.client.read.list({ key: looked, version: null, folder: '/', cursor: null, limit: 100 })
  expect(keys.filter(key => seen.includes(topicOf(key)))).toEqual([])

  await ana.client.settings.update({ consented: true })
  await expect.poll(() => keys.filter(isAnnounced).length).toBe(MANY)
  const order = seen.filter(topic => keys.some(key => topicOf(key) === topic))
  expect(order[0]).toBe(topicOf(looked))
  expect(seen).not.toContain(topicOf(paused))

  await ana.client.archives.forget({ key: keys[0]! })
  expect(isAnnounced(keys[0]!)).toBe(false)
  await ana.client.archives.pause({ key: paused, paused: false })
  await expect.poll(() => isAnnounced(paused)).toBe(true)
  await ana.client.archives.pause({ key: paused, paused: true })
  expect(isAnnounced(paused)).toBe(false)

  await ana.close()
  expect(keys.filter(isAnnounced).length).toBeLessThan(MANY - 1)
})

test('two who join at the same moment find each other, and all that they share travels over one connection', async () => {
  const { bootstrap } = await watchedTestnet()
  const [ana, ben] = [await startPerson(bootstrap, { consented: false }), await startPerson(bootstrap)]
  const keys = await publishMany(ana, 5)
  await ana.client.settings.update({ consented: true })
  for (const key of keys) await ben.client.archives.open({ link: `hyper://${key}/` })
  for (const key of keys) await ben.archive(key, row => isFound(row) && row.files === 1)
  await Promise.all([ana.close(), ben.close()])

  const again = await Promise.all([ana, ben].map(({ storage }) => startPerson(bootstrap, { storage })))
  for (const person of again) {
    for (const key of keys) await person.archive(key, row => row.peers === 1)
    const watch = (signal: AbortSignal) => person.client.network.watch(undefined, { signal })
    expect((await waitFor(watch, null, ({ peers }) => peers > 0)).peers).toBe(1)
  }
})
