/** When what was not found may be found now. That the network is gone is made in `test/integration/finding.test.ts`. */
import { Socket } from 'node:dgram'
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest'
import { type Change, watchConnectivity } from '../../main/network/connectivity.ts'

beforeEach(() => void vi.useFakeTimers({ toFake: ['Date', 'performance', 'setTimeout', 'clearTimeout'] }))
afterEach(() => void vi.useRealTimers())

const settled = () => new Promise(resolve => setImmediate(resolve))

test('a route to one of the nodes is enough, none is no network, and nothing is told twice', async () => {
  const changes: Change[] = []
  const nowhere = { host: '255.255.255.255', port: 9 }
  const stop = watchConnectivity([nowhere], change => changes.push(change))
  await vi.waitFor(() => expect(changes).toEqual([{ online: false, returned: false }]))
  vi.advanceTimersByTime(5000)
  await settled()
  expect(changes).toHaveLength(1)
  stop()
  const others: Change[] = []
  const end = watchConnectivity([nowhere, { host: '127.0.0.1', port: 9 }], change => others.push(change))
  vi.advanceTimersByTime(5000)
  await settled()
  expect(others).toEqual([])
  end()
})

test('a system that does not let go of a route is asked with another socket', async () => {
  const disconnect = vi.spyOn(Socket.prototype, 'disconnect').mockImplementation(() => {
    throw new Error('EAFNOSUPPORT')
  })
  onTestFinished(() => disconnect.mockRestore())
  const changes: Change[] = []
  const stop = watchConnectivity([{ host: '127.0.0.1', port: 9 }], change => changes.push(change))
  const close = vi.spyOn(Socket.prototype, 'close')
  onTestFinished(() => close.mockRestore())
  for (let look = 0; look < 3; look++) {
    await settled()
    vi.advanceTimersByTime(1000)
  }
  await settled()
  expect(changes).toEqual([])
  // Elsewhere each look has a socket of its own.
  expect(close).toHaveBeenCalledTimes(process.platform === 'linux' ? 3 : 4)
  stop()
  expect(close).toHaveBeenCalledTimes(4)
})

test('after a sleep everything is looked for again', () => {
  const changes: Change[] = []
  const stop = watchConnectivity([{ host: '127.0.0.1', port: 9 }], change => changes.push(change))
  vi.setSystemTime(Date.now() + 3_600_000)
  vi.advanceTimersByTime(5000)
  expect(changes).toEqual([{ online: true, returned: true }])
  stop()
  vi.setSystemTime(Date.now() + 3_600_000)
  vi.advanceTimersByTime(60_000)
  expect(changes).toHaveLength(1)
})
