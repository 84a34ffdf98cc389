/** What the compiler and the names promise about the contract that page, CLI and backend share. */
import { expect, expectTypeOf, test } from 'vitest'
import type { ContractTree } from '../../preload/contract/define.ts'
import { AppError } from '../../preload/contract/errors.ts'
import { type Contract, contract, type ShellContract, shellContract } from '../../preload/contract/index.ts'
import type { ArchiveRow, Change, PublishReview, ReviewProgress } from '../../preload/contract/models.ts'
import type { Client } from '../../preload/wire/connect.ts'
import type { Handlers } from '../../preload/wire/serve.ts'

function* procedures(tree: ContractTree, prefix = ''): Generator<{ path: string; name: string; kind: string }> {
  for (const [name, node] of Object.entries(tree)) {
    if (typeof node.kind === 'string') yield { path: prefix + name, name, kind: node.kind }
    else yield* procedures(node as ContractTree, `${prefix}${name}.`)
  }
}

test('streams, and nothing else, are called watch…: the client knows them by their names', () => {
  const all = [...procedures(contract), ...procedures(shellContract)]
  expect(all.length).toBeGreaterThan(35)
  for (const { path, name, kind } of all) {
    expect([path, kind]).toEqual([path, /^watch([A-Z].*)?$/.test(name) ? 'stream' : 'call'])
  }
})

test('no path is longer than a frame may carry', () => {
  for (const { path } of procedures(contract)) expect(path.length).toBeLessThan(200)
})

test('types', () => {
  expectTypeOf<Client<Contract>['archives']['open']>().parameter(0).toEqualTypeOf<{ link: string }>()
  expectTypeOf<ReturnType<Client<Contract>['archives']['retry']>>().toEqualTypeOf<Promise<void>>()
  expectTypeOf<ReturnType<Client<Contract>['archives']['watch']>>().toExtend<
    AsyncIterableIterator<readonly Change<ArchiveRow>[]>
  >()
  expectTypeOf<ReturnType<Client<Contract>['publish']['review']>>().toEqualTypeOf<Promise<PublishReview>>()
  expectTypeOf<Parameters<Client<Contract>['publish']['review']>[1]>().toExtend<
    { readonly onProgress?: ((value: ReviewProgress) => void) | undefined } | undefined
  >()
  expectTypeOf<Client<ShellContract>['chooseFolder']>().parameter(0).toEqualTypeOf<{ title: string }>()

  const compiled = (client: Client<Contract>, open: Handlers<Contract['network']>['watch']) => {
    // @ts-expect-error wrong input
    void client.archives.open({ lnk: 'x' })
    // @ts-expect-error no such procedure
    void client.archives.destroy()
    // @ts-expect-error this call has no progress
    void client.archives.retry({ key: 'x' }, { onProgress: () => {} })
    // @ts-expect-error a handler is missing
    const missing: Handlers<Contract['network']> = {}
    const surplus: Handlers<Contract['network']> = {
      watch: open,
      // @ts-expect-error a handler that nobody declared
      leave: () => {},
    }
    // @ts-expect-error an error without its data
    new AppError('ARCHIVE_NOT_FOUND', 'x')
    const error = null as unknown as AppError
    if (error.is('ARCHIVE_NOT_FOUND')) expectTypeOf(error.data.key).toEqualTypeOf<string>()
    return [missing, surplus]
  }
  expectTypeOf(compiled).toBeFunction()
})
