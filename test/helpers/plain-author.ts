/** Somebody with a plain Hyperdrive, whose changes are there at once, and a reader who has found it. */
import Hyperdrive from 'hyperdrive'
import { encodeKey } from '../../main/archives/links.ts'
import { isFound, type Person, startPerson } from './backend.ts'
import { plainPeer } from './plain.ts'

export type Content = Readonly<Record<string, Buffer>>

/** Content that no other file shares. */
export const filled = (bytes: number, word: string) => Buffer.alloc(bytes, `${word}, and nothing else; `)

export type PlainAuthor = {
  readonly drive: Hyperdrive
  readonly key: string
  readonly bob: Person
  leave(): Promise<void>
}

export async function plainAuthor(bootstrap: readonly string[], content: Content): Promise<PlainAuthor> {
  const { store, swarm } = await plainPeer(bootstrap)
  const drive = new Hyperdrive(store)
  await drive.ready()
  for (const [path, bytes] of Object.entries(content)) await drive.put(path, bytes)
  await swarm.join(drive.discoveryKey, { client: true, server: true }).flushed()
  const key = encodeKey(drive.key)
  const bob = await startPerson(bootstrap)
  await bob.client.archives.open({ link: key })
  await bob.archive(key, isFound)
  return { drive, key, bob, leave: () => swarm.destroy({ force: true }) }
}
