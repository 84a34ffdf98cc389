/** The appender's log is the very log that plain appends make, and nothing of it shows before it is sealed. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Corestore from 'corestore'
import fc from 'fast-check'
import type Hypercore from 'hypercore'
import { hash } from 'hypercore-crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Appender, flushBeforeAnnouncing } from '../../main/archives/appender.ts'

let store: Corestore
let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'appender-'))
  store = new Corestore(folder)
  await store.ready()
})
afterAll(async () => {
  await store.close()
  await rm(folder, { recursive: true })
})

let made = 0
async function newCore(encrypted = false): Promise<Hypercore> {
  const core = store.get({ name: `log ${made++}` })
  await core.ready()
  if (encrypted)
    await (core as unknown as { setEncryptionKey(key: Buffer): Promise<void> }).setEncryptionKey(Buffer.alloc(32, 7))
  return core
}
const block = (seed: number, size: number) => {
  const one = Buffer.alloc(size)
  for (let at = 0; at < size; at += 32) hash([Buffer.from(`${seed} ${at}`)]).copy(one, at)
  return one
}
const nothing = () => Promise.resolve()

/** Runs of appends; the last of a run is followed by a seal. */
const runs = fc.array(
  fc.record({
    blocks: fc.array(fc.integer({ min: 0, max: 70 }), { minLength: 0, maxLength: 12 }),
    seal: fc.boolean(),
    wait: fc.boolean(),
  }),
  { minLength: 1, maxLength: 8 },
)

for (const encrypted of [false, true])
  test(`its ${encrypted ? 'encrypted ' : ''}log equals that of plain appends`, async () => {
    await fc.assert(
      fc.asyncProperty(runs, async runs => {
        const ours = await newCore(encrypted)
        const theirs = await newCore(encrypted)
        flushBeforeAnnouncing(ours, nothing)
        let seed = 0
        const all: Buffer[] = []
        const appender = new Appender(ours)
        for (const { blocks, seal, wait } of runs) {
          const bytes = blocks.map(size => block(seed++, size))
          all.push(...bytes)
          expect(appender.length).toBe(all.length - bytes.length)
          await appender.append(bytes)
          if (bytes.length > 0) await theirs.append(bytes)
          const sealing = seal ? appender.seal() : nothing()
          if (wait) await sealing
        }
        await appender.seal()
        expect(ours.length).toBe(theirs.length)
        expect(ours.byteLength).toBe(theirs.byteLength)
        expect(appender.byteLength).toBe(theirs.byteLength)
        if (!encrypted && all.length > 0) {
          for (let length = 1; length <= all.length; length++)
            expect(await ours.treeHash(length)).toEqual(await theirs.treeHash(length))
        }
        for (const [index, one] of all.entries()) expect(await ours.get(index)).toEqual(one)
        const audit = await (ours.core as unknown as { audit(options: object): Promise<object> }).audit({
          dryRun: true,
        })
        expect(audit).toMatchObject({ corrupt: false, droppedTreeNodes: 0, droppedBlocks: 0, droppedBits: 0 })
        // And it goes on as an ordinary one.
        await ours.append([block(seed, 5)])
        expect(await ours.get(all.length)).toEqual(block(seed, 5))
        await Promise.all([ours.close(), theirs.close()])
      }),
      { numRuns: 60 },
    )
  })

test('what is not sealed is not there, and is written over', async () => {
  const core = await newCore()
  flushBeforeAnnouncing(core, nothing)
  const lost = new Appender(core)
  await lost.append([block(1, 50), block(2, 50), block(3, 50)])
  await lost.settled()
  expect([core.length, core.byteLength, await core.has(0)]).toEqual([0, 0, false])
  const appender = new Appender(core)
  await appender.append([block(4, 20)])
  expect(await appender.leaf(0)).not.toBeNull()
  await appender.seal()
  expect([core.length, core.byteLength]).toEqual([1, 20])
  expect(await core.get(0)).toEqual(block(4, 20))
  expect(await appender.leaf(0)).toEqual(await new Appender(core).leaf(0))
})

test('the length and the announcement wait for the flush', async () => {
  const core = await newCore()
  let release = () => {}
  let reached = () => {}
  const flushing = new Promise<void>(resolve => {
    reached = resolve
  })
  flushBeforeAnnouncing(core, () => {
    reached()
    return new Promise(resolve => {
      release = resolve
    })
  })
  let announced = 0
  core.on('append', () => announced++)
  const appender = new Appender(core)
  await appender.append([block(1, 10)])
  const sealed = appender.seal()
  await flushing
  expect([core.length, announced]).toEqual([0, 0])
  release()
  await sealed
  expect([core.length, announced]).toEqual([1, 1])
})
