/** Who stops Cairn while somebody fetches what only they hold is told so, once; and machines are called by name. */
import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { connectLocal } from '../../main/lib/local-socket.ts'
import type { Contract } from '../../preload/contract/index.ts'
import { connect } from '../../preload/wire/connect.ts'
import { isFound, startPerson, waitFor } from '../helpers/backend.ts'
import { temporaryFolder, writeTree } from '../helpers/files.ts'
import { startTestnet, type Testnet } from '../helpers/testnet.ts'
import { Machine } from './program.ts'

let testnet: Testnet
beforeAll(async () => {
  testnet = await startTestnet()
})
afterAll(() => testnet.close())

test('what others would miss is said before it ends, and they are called by their names', async () => {
  const folder = await temporaryFolder('source')
  await writeTree(folder, { 'film.bin': randomBytes(3_000_000) })
  const machine = await Machine.make(testnet.bootstrap)
  const sharing = machine.start('publish', folder)
  const link = await sharing.firstLine()
  await sharing.until(out => out.includes('Everything is in'))
  const socket = connect<Contract>((await connectLocal(machine.storage))!)
  await socket.settings.update({ limits: { up: 20_000, down: null, schedule: [], connections: 10 } })

  const key = /[a-z0-9]{52}/.exec(link)![0]
  const friend = await startPerson(testnet.bootstrap)
  await friend.client.archives.open({ link })
  await friend.archive(key, isFound)
  await friend.client.archives.keep({ key, keep: true })
  await expect.poll(() => socket.availability.needed()).toMatchObject({ archives: [{ key, peers: 1, files: 1 }] })

  // By the first letters of its key, as they are shown.
  const { peers } = await waitFor(
    signal => socket.availability.watch({ key }, { signal }),
    key,
    row => row.connected === 1,
  )
  const { id } = peers[0]!
  expect((await machine.run('call', id.slice(0, 12), 'Ben')).out).toBe(`${id} is called Ben.\n`)

  // Nobody is there to answer: it is said, and ends.
  const stopped = await sharing.stop()
  expect(stopped.error).toMatch(/Somebody still needs what only you hold: 1 file \(3\.0 MB\) of source-/)
  expect([stopped.code, stopped.error.includes('press Ctrl-C again')]).toEqual([0, false])
})
