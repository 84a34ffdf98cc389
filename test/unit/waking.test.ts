import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { onWaking } from '../../main/lib/waking.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

test('a machine that has slept is noticed, once for each sleep', () => {
  let woken = 0
  const stop = onWaking(() => woken++)
  vi.advanceTimersByTime(60_000)
  expect(woken).toBe(0)
  vi.setSystemTime(Date.now() + 3_600_000)
  vi.advanceTimersByTime(5000)
  expect(woken).toBe(1)
  vi.advanceTimersByTime(60_000)
  expect(woken).toBe(1)
  stop()
  vi.setSystemTime(Date.now() + 3_600_000)
  vi.advanceTimersByTime(60_000)
  expect(woken).toBe(1)
})

test('a loop that was merely busy is no sleep', () => {
  let woken = 0
  const stop = onWaking(() => woken++)
  vi.setSystemTime(Date.now() + 9000)
  vi.advanceTimersByTime(5000)
  expect(woken).toBe(0)
  stop()
})
