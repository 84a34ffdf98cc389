import { expect, test } from 'vitest'
import { Recent } from '../../main/lib/recent.ts'

test('what was set longest ago is forgotten first, and what is set again is not that', () => {
  const recent = new Recent<string, number>(3)
  for (const [index, name] of ['a', 'b', 'c'].entries()) recent.set(name, index)
  recent.set('a', 9)
  recent.set('d', 4)
  expect([recent.has('a'), recent.has('b'), recent.get('a'), recent.size]).toEqual([true, false, 9, 3])
  recent.delete('a')
  for (let index = 0; index < 1000; index++) recent.set(String(index), index)
  expect([recent.size, recent.get('999'), recent.has('a')]).toEqual([3, 999, false])
})
