/** Machines with a network between them that a test can break: on a switch of their own, so that nothing of it can leave. */
import type { ChildProcess } from 'node:child_process'
import { type Inhabitant, Namespaces } from './namespaces.ts'

/** An address for examples: no namespace has a route to it. */
const NOWHERE = '198.51.100.1:49737'
/** With fewer, two who are not sure that strangers can reach them do not find a way to each other. */
const DHT_NODES = 6

export type Islands = {
  /** On an island of its own, to which all others can speak. */
  readonly dht: ChildProcess
  readonly bootstrap: string
  island(): Promise<Island>
  close(): Promise<void>
}

export type Island = {
  /** Plugs the cable in, or out. */
  plug(connected: boolean): Promise<void>
  /** Packets between two islands that are both apart are dropped, and no others. */
  apart(apart: boolean): Promise<void>
  /** Plugs the cable into another switch, at which only those are that were moved to it. */
  move(group: number): Promise<void>
  /** false: what it sends to its own address does not arrive, as behind many routers. */
  itself(reached: boolean): Promise<void>
  /** false: nothing of TCP leaves it, while everything else goes on. */
  tcp(passes: boolean): Promise<void>
  /** What has passed its network card, in bytes and in packets, as the system counts it. */
  passed(): Promise<Record<'down' | 'up', { readonly bytes: number; readonly packets: number }>>
  /**
   * A backend in a process of its own there. `room`: it looks for others without the DHT as well. `alone`: its nodes of the
   * DHT are where no way leads to.
   */
  person(storage: string, how?: { readonly room?: boolean; readonly alone?: boolean }): Promise<Inhabitant>
}

export async function startIslands(): Promise<Islands> {
  const spaces = new Namespaces()
  const ip = spaces.ip.bind(spaces)
  let islands = 0
  try {
    const between = await spaces.add()
    await spaces.addSwitch(between, 'switch')
    /** Its name, and its end of the cable at the switch. */
    const attach = async (): Promise<{ readonly name: string; readonly port: string; readonly address: string }> => {
      const number = ++islands
      const port = `p${number}`
      const address = `10.203.7.${number}`
      const name = await spaces.add()
      await spaces.plug(between, port, name, 'eth0')
      await ip('-n', between, 'link', 'set', port, 'master', 'switch')
      await ip('-n', name, 'address', 'add', `${address}/24`, 'dev', 'eth0')
      return { name, port, address }
    }
    const home = await attach()
    const { nodes, bootstrap } = await spaces.dht(home.name, [home.address], DHT_NODES)
    return {
      bootstrap,
      dht: nodes,
      async island() {
        const { name, port } = await attach()
        return {
          plug: async connected => void (await ip('-n', name, 'link', 'set', 'eth0', connected ? 'up' : 'down')),
          apart: async apart =>
            void (await spaces.run(
              between,
              ...['bridge', 'link', 'set', 'dev', port, 'isolated', apart ? 'on' : 'off'],
            )),
          itself: async reached => void (await ip('-n', name, 'link', 'set', 'lo', reached ? 'up' : 'down')),
          tcp: async passes =>
            void (await ip('-n', name, 'rule', passes ? 'delete' : 'add', 'ipproto', 'tcp', 'blackhole')),
          passed: async () => {
            const [{ stats64 }] = JSON.parse(await ip('-n', name, '-j', '-s', 'link', 'show', 'eth0')) as [
              { stats64: Record<'rx' | 'tx', { bytes: number; packets: number }> },
            ]
            return { down: stats64.rx, up: stats64.tx }
          },
          move: async group => {
            const other = `switch-${group}`
            await ip('-n', between, 'link', 'add', other, 'type', 'bridge').catch(() => {})
            await ip('-n', between, 'link', 'set', other, 'up')
            await ip('-n', between, 'link', 'set', port, 'master', other)
          },
          person: (storage, { room = false, alone = false } = {}) =>
            spaces.person(name, storage, alone ? NOWHERE : bootstrap, room),
        }
      },
      close: () => spaces.close(),
    }
  } catch (error) {
    await spaces.close()
    throw error
  }
}
