/** What is looked at every so often wakes the program together. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { everySo } from '../../main/lib/pulse.ts'

const stops: (() => void)[] = []
beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }))
afterEach(() => {
  for (const stop of stops.splice(0)) stop()
  vi.useRealTimers()
})

/** When each look was made, in milliseconds; begun at different moments. */
function looking(...periods: readonly number[]): readonly (readonly number[])[] {
  return periods.map(period => {
    const times: number[] = []
    vi.advanceTimersByTime(70)
    stops.push(everySo(period, () => times.push(performance.now())))
    return times
  })
}

test('looks are made at the same moments, whenever they were begun, each as often as it was to be', () => {
  const [often, sometimes, seldom] = looking(1000, 1000, 3000) as [number[], number[], number[]]
  const set = vi.spyOn(globalThis, 'setTimeout')
  vi.advanceTimersByTime(9000)
  expect(often).toHaveLength(9)
  expect(sometimes).toEqual(often)
  expect(seldom).toHaveLength(3)
  expect(often).toEqual(expect.arrayContaining(seldom))
  expect(set).toHaveBeenCalledTimes(9)
})

test('what was stopped is not looked at any more, also by one that is stopped in the same moment, and nothing is left', () => {
  const times: number[] = []
  let stop = () => {}
  stops.push(everySo(2000, () => stop()))
  stop = everySo(1000, () => times.push(performance.now()))
  vi.advanceTimersByTime(10_000)
  expect(times).toEqual([1000])
  for (const end of stops.splice(0)) end()
  expect(vi.getTimerCount()).toBe(0)
})
