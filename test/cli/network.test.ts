/** A network of one's own, and what the commands say of it. */
import { createSocket } from 'node:dgram'
import { expect, test } from 'vitest'
import { encodeKey } from '../../main/archives/links.ts'
import { temporaryFolder, writeTree } from '../helpers/files.ts'
import { Machine, Running } from './program.ts'

async function freePorts(): Promise<number> {
  const socket = createSocket('udp4')
  await new Promise<void>(resolve => socket.bind(0, '127.0.0.1', resolve))
  const { port } = socket.address()
  await new Promise<void>(resolve => socket.close(resolve))
  // The nodes take the ports after it as well.
  return port > 60_000 ? port - 5000 : port
}

test('a network of one’s own is run, a link is checked on it, looked up, and the network told of', async () => {
  const port = await freePorts()
  const bootstrap = `127.0.0.1:${port}`
  const nodes = new Running(['dht', '--port', String(port), '--host', '127.0.0.1', '--nodes', '8'], [bootstrap], '')
  expect(await nodes.firstLine()).toBe(`CAIRN_BOOTSTRAP=${bootstrap}`)
  const second = await new Running(['dht', '--port', String(port), '--host', '127.0.0.1', '--json'], [bootstrap], '')
    .ended
  expect(second.code).toBe(1)
  expect(JSON.parse(second.error)).toMatchObject({ error: { code: 'PORT_IN_USE', data: { port } } })

  const ana = await Machine.make([bootstrap])
  const folder = await temporaryFolder('network')
  await writeTree(folder, { 'a.txt': 'hello' })
  const sharing = ana.start('publish', folder)
  const link = await sharing.firstLine()
  await sharing.until(out => out.includes('Everything is in'))
  const check = await ana.run('check', link)
  expect(check.out).toContain('Yes, within this machine')
  expect(check.out.match(/✓/g)).toHaveLength(4)
  expect(check.code).toBe(0)

  const ben = await Machine.make([bootstrap])
  const lookup = await ben.run('lookup', link, '--fresh', '--json')
  expect(lookup.code).toBe(0)
  const lines = lookup.out
    .trim()
    .split('\n')
    .map(line => JSON.parse(line) as Record<string, unknown>)
  const asked = lines.flatMap(({ node }) => (node === undefined ? [] : [(node as { address: string }).address]))
  expect(lines.at(-1)).toMatchObject({ asked: asked.length, silent: 0, found: [{ self: false }] })
  for (const address of asked) expect(Number(address.split(':')[1]) - port).toBeLessThan(8)
  const network = await ana.run('network', '--table')
  expect(network.out).toContain('Online, on this machine only')
  expect(network.out).toContain(`announced ${link}: kept by 8 nodes`)

  expect((await sharing.stop()).code).toBe(0)
  const nobody = await ben.run('check', `hyper://${encodeKey(new Uint8Array(32).fill(9))}`, '--json')
  expect(nobody.code).toBe(3)
  expect(JSON.parse(nobody.out.trim().split('\n').at(-1)!)).toMatchObject({ verdict: 'not-announced' })
  expect((await nodes.stop()).code).toBe(0)
})
