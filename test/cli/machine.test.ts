import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { temporaryFolder } from '../helpers/files.ts'
import { startTestnet, type Testnet } from '../helpers/testnet.ts'
import { Machine, Running } from './program.ts'

let testnet: Testnet
beforeAll(async () => {
  testnet = await startTestnet()
})
afterAll(() => testnet.close())

test('diagnostics go where one wants them, and over no file that is there; licences need no Cairn', async () => {
  const machine = await Machine.make(testnet.bootstrap)
  const out = join(await temporaryFolder('cairn-diagnostics'), 'help.json')
  const said = await machine.run('diagnostics', '--out', out)
  expect([said.code, said.out]).toEqual([0, expect.stringContaining(out)])
  const told = JSON.parse(await readFile(out, 'utf8'))
  expect(told).toMatchObject({ program: { platform: process.platform }, network: { state: 'off' }, archives: [] })
  expect(JSON.stringify(told)).not.toContain(machine.storage)
  const again = await machine.run('diagnostics', '--out', out)
  expect([again.code, again.error]).toEqual([1, expect.stringContaining('Choose another name')])

  const licences = (...args: string[]) => new Running(['licences', ...args], testnet.bootstrap, '').ended
  const all = await licences()
  expect(all.out.split('\n')).toEqual(expect.arrayContaining(['hypercore 11.37.1: MIT']))
  const one = await licences('hypercore', '--json')
  expect(JSON.parse(one.out)).toMatchObject({
    licence: 'MIT',
    text: expect.stringContaining('Permission is hereby granted'),
  })
  expect((await licences('no-such-thing')).code).toBe(2)
})
