/** `cairn room`: others on the local network, and whether they are looked for. */
import { assertNever } from '../../preload/contract/errors.ts'
import type { NetworkStatus } from '../../preload/contract/models.ts'
import type { Command } from './arguments.ts'
import type { Context } from './context.ts'
import { EXIT } from './failure.ts'
import { Mirror } from './mirror.ts'
import { count } from './words.ts'

/** How long what was switched just now may take to be so, in milliseconds. */
const SOON = 500

export async function room(context: Context, { wanted }: Command & { name: 'room' }): Promise<number> {
  const { client, output, signal, attached } = context
  if (wanted !== null) await client.settings.update({ room: wanted }, { signal })
  const settings = (await new Mirror(client.settings.watch(undefined, { signal })).all()).get('settings')
  const network = new Mirror(client.network.watch(undefined, { signal }))
  await network.all()
  if (wanted !== null) await network.change(SOON)
  const status = network.rows.get('network')
  const on = settings?.room ?? false
  output.result(say(on, attached && status !== undefined ? status : null), { room: { on, ...status?.room } })
  return EXIT.done
}

/** `status` null: Cairn does not run. */
function say(on: boolean, status: NetworkStatus | null): string {
  if (!on) return 'off: nobody is looked for on the local network'
  if (status === null) return 'on, while Cairn runs'
  const { state, near, peers } = status.room
  switch (state) {
    case 'off':
      return `on, and not in use now: ${sayWhyNot(status.state)}`
    case 'nowhere':
      return 'on, but this machine is in no local network'
    case 'on':
      return `on: ${count(near, 'other Cairn', 'other Cairns')} on the local network, connected to ${peers}`
    default:
      return assertNever(state)
  }
}

function sayWhyNot({ name }: NetworkStatus['state']): string {
  if (name === 'paused') return 'everything is paused'
  if (name === 'off' || name === 'waiting-for-consent' || name === 'starting') return 'Cairn is off the network'
  return 'Cairn was started with nodes on this machine alone, or with CAIRN_ROOM=off'
}
