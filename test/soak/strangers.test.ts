/** A link tried from another machine: where it can be reached, and where packets between the two are dropped. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { publish, waitFor } from '../helpers/backend.ts'
import { temporaryFolder } from '../helpers/files.ts'
import { startIslands } from '../helpers/islands.ts'

test('a link between two machines, together and apart', async () => {
  const islands = await startIslands()
  onTestFinished(() => islands.close())
  const [north, south] = [await islands.island(), await islands.island()]
  const ana = await north.person(await temporaryFolder('ana'))
  const bert = await south.person(await temporaryFolder('bert'))
  const folder = join(await temporaryFolder('strangers'), 'Holiday')
  await mkdir(folder)
  await writeFile(join(folder, 'beach.txt'), 'waves')
  const { link } = await publish(ana, [folder])

  const status = await waitFor(
    signal => ana.client.network.watch(undefined, { signal }),
    'network',
    ({ reach }) => reach.verdict === 'own-network',
  )
  console.log(status.reach)
  const own = await ana.client.network.check({ link })
  console.log('its own', own)
  expect(own.verdict).toBe('reachable')
  const together = await bert.client.network.check({ link })
  console.log('together', together)
  expect(together.verdict).toBe('reachable')

  await north.apart(true)
  await south.apart(true)
  const apart = await bert.client.network.check({ link })
  console.log('apart', apart)
  expect(apart.verdict).toBe('unreachable')
  expect(apart.steps.map(({ state }) => state)).toEqual(['passed', 'passed', 'failed', 'skipped'])
  expect(apart.steps[2]?.said).toContain('no direct way')

  // That this machine does not reach itself says nothing of a friend.
  await north.apart(false)
  await south.apart(false)
  await north.itself(false)
  const itself = await ana.client.network.check({ link })
  console.log('itself', itself)
  expect(itself.verdict).toBe('unclear')
  const friend = await bert.client.network.check({ link })
  expect(friend.verdict).toBe('reachable')
}, 180_000)
