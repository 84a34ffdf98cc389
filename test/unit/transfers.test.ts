import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { createLog } from '../../main/lib/log.ts'
import { type Control, type Job, Transfers } from '../../main/transfers/transfers.ts'
import { AppError } from '../../preload/contract/errors.ts'

function started(): Transfers {
  const transfers = new Transfers(createLog('', 'none'))
  onTestFinished(() => transfers.close())
  return transfers
}

const job = (run: (control: Control) => Promise<void>, more: Partial<Job> = {}): Job => ({
  id: 'one',
  kind: 'download',
  key: 'key',
  title: 'One',
  folder: null,
  startedAt: 0,
  run,
  ...more,
})

/** Ends only when it is told to, after its signal as a real one that is in the middle of a write. */
function slowToEnd() {
  const ends: (() => void)[] = []
  const counts = { running: 0, most: 0, begun: 0 }
  const run = async ({ signal }: Control) => {
    counts.begun++
    counts.most = Math.max(counts.most, ++counts.running)
    await new Promise<void>(resolve => ends.push(resolve))
    counts.running--
    signal.throwIfAborted()
  }
  return { run, ends, counts }
}

afterEach(() => {
  vi.useRealTimers()
})

describe('a job that is still ending', () => {
  test('is not run a second time beside itself when it is resumed', async () => {
    const transfers = started()
    const { run, ends, counts } = slowToEnd()
    transfers.add(job(run))
    const paused = transfers.pause('one')
    await expect.poll(() => transfers.rows.get('one')?.state.name).toBe('paused')
    const resumed = [transfers.resume('one'), transfers.resume('one')]
    await new Promise(resolve => setTimeout(resolve, 20))
    ends[0]!()
    await Promise.all([paused, ...resumed])
    await expect.poll(() => counts.begun).toBe(2)
    expect(counts.most).toBe(1)
    expect(transfers.rows.get('one')?.state.name).toBe('running')
    ends[1]!()
    await expect.poll(() => transfers.rows.get('one')?.state.name).toBe('done')
  })

  test('does not swallow one of the same name that is added meanwhile', async () => {
    const transfers = started()
    const { run, ends, counts } = slowToEnd()
    transfers.add(job(run))
    const cancelled = transfers.cancel('one')
    let ran = 0
    transfers.add(
      job(async () => {
        expect(counts.running).toBe(0)
        ran++
      }),
    )
    ends[0]!()
    await cancelled
    await expect.poll(() => transfers.rows.get('one')?.state.name).toBe('done')
    expect(ran).toBe(1)
  })
})

describe('a full disk', () => {
  const full = () => Promise.reject(new AppError('NO_ROOM', 'full', { path: '/', needed: 0, free: 0 }))

  test('that was taken off the list does not come back to life', async () => {
    vi.useFakeTimers()
    const transfers = started()
    const ended: string[] = []
    transfers.add(job(full, { onEnded: async how => void ended.push(how) }))
    await expect.poll(() => transfers.rows.get('one')?.state.name).toBe('failed')
    await transfers.clear()
    expect(transfers.rows.values()).toEqual([])
    expect(ended).toEqual(['cancelled'])
    await vi.advanceTimersByTimeAsync(10_000)
    expect(transfers.rows.values()).toEqual([])
  })

  test('is tried again, but not behind the back of an owner who does so himself', async () => {
    vi.useFakeTimers()
    const transfers = started()
    let tries = 0
    const run = () => {
      tries++
      return full()
    }
    transfers.add(job(run))
    await vi.advanceTimersByTimeAsync(6000)
    expect(tries).toBe(2)
    transfers.add(job(run, { id: 'own', retriedByOwner: true }))
    tries = 0
    await transfers.cancel('one')
    await vi.advanceTimersByTimeAsync(20_000)
    expect(tries).toBe(0)
  })
})
