/** What passes is counted by second, by day and for ever, and nothing twice. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, describe, expect, test, vi } from 'vitest'
import fc from 'fast-check'
import { writeJson } from '../../main/lib/atomic-file.ts'
import { createLog } from '../../main/lib/log.ts'
import { Meter, REMEMBERED } from '../../main/network/meter.ts'
import { Traffic } from '../../main/network/traffic.ts'
import { temporaryFolder } from '../helpers/files.ts'

describe('a meter', () => {
  test('remembers each of the last seconds, as a count by hand does', () => {
    const steps = fc.array(fc.record({ step: fc.nat(9000), bytes: fc.nat(1000), down: fc.boolean() }), {
      maxLength: 60,
    })
    fc.assert(
      fc.property(steps, given => {
        const meter = new Meter()
        const passed: { at: number; bytes: number; down: boolean }[] = []
        let now = 5000
        for (const { step, bytes, down } of given) {
          now += step
          meter.add(down ? 'down' : 'up', bytes, now)
          passed.push({ at: now, bytes, down })
        }
        const second = Math.floor(now / 1000)
        for (const direction of ['down', 'up'] as const) {
          const wanted = Array.from({ length: REMEMBERED }, (_, index) => {
            const which = second - REMEMBERED + index
            return passed
              .filter(({ at, down }) => Math.floor(at / 1000) === which && down === (direction === 'down'))
              .reduce((sum, { bytes }) => sum + bytes, 0)
          })
          expect(meter.history(direction, now)).toEqual(wanted.some(bytes => bytes > 0) ? wanted : [])
          const all = passed.filter(({ down }) => down === (direction === 'down'))
          expect(meter.blocks[direction]).toBe(all.length)
          expect(meter.bytes[direction]).toBe(all.reduce((sum, { bytes }) => sum + bytes, 0))
        }
      }),
    )
  })
})

describe('totals', () => {
  afterEach(() => {
    vi.useRealTimers()
    vi.unstubAllEnvs()
  })

  /** A network that does as it is told. */
  function scripted() {
    let listener: Parameters<Traffic['meter']> extends never ? never : (...args: never[]) => void = () => {}
    const wire = { down: 0, up: 0 }
    return {
      wire,
      block: (archive: string, direction: 'down' | 'up', bytes: number) =>
        (listener as (role: unknown, direction: string, bytes: number, publicKey: Buffer) => void)(
          { archive, log: 'content' },
          direction,
          bytes,
          Buffer.alloc(32),
        ),
      network: {
        onBlock: (given: never) => {
          listener = given
        },
        wire: () => ({ ...wire }),
      },
    }
  }

  test('of a day are those of its 23 or 25 hours where the clock is changed, and of another one at once where it steps back', async () => {
    vi.stubEnv('TZ', 'Europe/Berlin')
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
    const storage = await temporaryFolder('cairn-traffic')
    let now = new Date('2026-10-24T21:59:00Z')
    const { network, block } = scripted()
    const traffic = await Traffic.open(storage, network as never, createLog(storage, 'none'), () => now)
    const today = (instant: string) => {
      now = new Date(instant)
      block('a', 'down', 100)
      vi.advanceTimersByTime(1000)
      return traffic.rows.get('a')!.today.blocksDown
    }
    expect(today('2026-10-24T21:59:00Z')).toBe(1)
    // From here on 25 hours.
    expect(today('2026-10-24T22:00:00Z')).toBe(1)
    expect(today('2026-10-25T22:59:59Z')).toBe(2)
    expect(today('2026-10-25T23:00:00Z')).toBe(1)
    expect(today('2026-10-25T22:59:59Z')).toBe(1)
    await traffic.close()
  })

  test('outlast a restart, begin anew at midnight where they are of the day, and are in all when an archive is forgotten', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: new Date(2026, 10, 21, 23, 59) })
    const storage = await temporaryFolder('cairn-traffic')
    const log = createLog(storage, 'none')
    const first = scripted()
    let traffic = await Traffic.open(storage, first.network as never, log)
    first.block('a', 'down', 1000)
    first.block('a', 'up', 10)
    first.block('b', 'down', 500)
    first.wire.down = 1700
    await traffic.close()
    const sum = (bytesDown: number, bytesUp: number, blocksDown: number, blocksUp: number) => ({
      bytesDown,
      bytesUp,
      blocksDown,
      blocksUp,
    })
    expect(traffic.rows.get('all')).toMatchObject({
      today: sum(1500, 10, 2, 1),
      ever: sum(1500, 10, 2, 1),
      wire: { ever: { down: 1700, up: 0 } },
    })

    // A process counts from nothing.
    const second = scripted()
    traffic = await Traffic.open(storage, second.network as never, log)
    expect(traffic.rows.get('a')).toMatchObject({ today: sum(1000, 10, 1, 1), wire: null })
    vi.setSystemTime(new Date(2026, 10, 22, 0, 1))
    second.block('a', 'down', 7)
    second.wire.down = 9
    traffic.forget('b')
    await traffic.close()
    expect(traffic.rows.get('a')).toMatchObject({ today: sum(7, 0, 1, 0), ever: sum(1007, 10, 2, 1) })
    expect(traffic.rows.get('b')).toBeUndefined()
    expect(traffic.rows.get('all')).toMatchObject({
      today: sum(7, 0, 1, 0),
      ever: sum(1507, 10, 3, 1),
      wire: { today: { down: 9, up: 0 }, ever: { down: 1709, up: 0 } },
    })

    // A kill loses no more than what came in the last twenty seconds.
    vi.useFakeTimers({ toFake: ['Date', 'setTimeout', 'clearTimeout', 'performance'] })
    const killed = scripted()
    await Traffic.open(storage, killed.network as never, log)
    killed.block('a', 'up', 100)
    vi.advanceTimersByTime(21_000)
    vi.useRealTimers()
    const written = async () =>
      JSON.parse(await readFile(join(storage, 'traffic.json'), 'utf8')).archives.a.ever.bytesUp
    await expect.poll(written).toBe(110)

    // What always passes is no reason to write all of it down some times a minute.
    vi.useFakeTimers({ toFake: ['Date', 'setTimeout', 'clearTimeout', 'performance'] })
    const quiet = scripted()
    const wire = () => readFile(join(storage, 'traffic.json'), 'utf8').then(text => JSON.parse(text).wire.ever.down)
    const before = await wire()
    await Traffic.open(storage, quiet.network as never, log)
    for (let second = 0; second < 120; second++) {
      quiet.wire.down += 1000
      vi.advanceTimersByTime(1000)
    }
    // What was begun to be written would be there before what is written after it.
    for (let turn = 0; turn < 3; turn++) await writeJson(join(storage, 'later.json'), {})
    expect(await wire()).toBe(before)
    vi.advanceTimersByTime(600_000)
    vi.useRealTimers()
    await expect.poll(wire).toBe(before + 120_000)

    // What cannot be read is set aside.
    await writeFile(join(storage, 'traffic.json'), '{ half')
    const third = scripted()
    traffic = await Traffic.open(storage, third.network as never, log)
    expect(traffic.rows.get('all')?.ever).toEqual(sum(0, 0, 0, 0))
    third.block('a', 'up', 1)
    await traffic.close()
    expect(JSON.parse(await readFile(join(storage, 'traffic.json'), 'utf8'))).toMatchObject({ version: 1 })
  })
})
