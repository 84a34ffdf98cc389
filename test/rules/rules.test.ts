/**
 * The rules of ARCHITECTURE.md that a program checks, each proven by a violation: a small tree of planted files is
 * linted with the project's own configuration, beside files that do the same thing the allowed way.
 */
import { execFile } from 'node:child_process'
import { copyFile, mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const project = resolve(import.meta.dirname, '../..')

const imports = (specifier: string) => `import { thing } from '${specifier}'\nexport const taken = thing\n`
const importsType = (specifier: string) => `import type { Thing } from '${specifier}'\nexport type Taken = Thing\n`

/** Path, text, and the rule that must object; null: it must pass. */
const planted: readonly (readonly [path: string, text: string, rule: string | null])[] = [
  [
    'preload/contract/clean.ts',
    "import { z } from 'zod'\nimport { thing } from './other.ts'\nexport const both = [z, thing]\n",
    null,
  ],
  ['preload/contract/wire.ts', imports('../wire/frames.ts'), 'no-restricted-imports'],
  ['preload/contract/node.ts', imports('node:fs'), 'no-restricted-imports'],
  ['preload/contract/package.ts', imports('b4a'), 'no-restricted-imports'],
  ['preload/wire/clean.ts', imports('../contract/errors.ts') + 'export const any = (value: any) => value\n', null],
  ['preload/wire/main.ts', imports('../../main/backend.ts'), 'no-restricted-imports'],
  ['preload/wire/zod.ts', imports('zod'), 'no-restricted-imports'],
  ['preload/wire/node.ts', imports('node:events'), 'no-restricted-imports'],
  ['preload/index.ts', imports('electron'), null],
  ['main/renderer.ts', imports('../renderer/backend.ts'), 'no-restricted-imports'],
  ['main/electron.ts', imports('electron'), 'no-restricted-imports'],
  ['main/shell.ts', imports('./electron/window.ts'), 'no-restricted-imports'],
  ['main/tests.ts', imports('../test/helpers/backend.ts'), 'no-restricted-imports'],
  ['main/any.ts', 'export const any = (value: any) => value\n', 'typescript(no-explicit-any)'],
  ['main/floating.ts', "export function start() {\n  Promise.resolve('lost')\n}\n", 'typescript(no-floating-promises)'],
  ['main/marked.ts', "export function start() {\n  void Promise.resolve('meant')\n}\n", null],
  [
    'main/index.ts',
    "import { app } from 'electron'\nimport { thing } from './electron/window.ts'\nexport const both = [app, thing]\n",
    null,
  ],
  ['main/electron/window.ts', imports('electron'), null],
  ['main/lib/domain.ts', imports('../archives/links.ts'), 'no-restricted-imports'],
  ['main/lib/clean.ts', imports('../../preload/contract/errors.ts'), null],
  ['main/read/sibling.ts', imports('../archives/archives.ts'), 'no-restricted-imports'],
  ['main/read/sibling-type.ts', importsType('../archives/archives.ts'), null],
  ['main/read/pure.ts', imports('../archives/links.ts'), null],
  ['main/read/runner.ts', imports('../handlers.ts'), 'no-restricted-imports'],
  ['main/read/web.ts', imports('../web/server.ts'), 'no-restricted-imports'],
  ['main/read/electron.ts', imports('electron'), 'no-restricted-imports'],
  [
    'main/cycle-one.ts',
    "import { two } from './cycle-two.ts'\nexport const one = (): unknown => two\n",
    'import(no-cycle)',
  ],
  [
    'main/cycle-two.ts',
    "import { one } from './cycle-one.ts'\nexport const two = (): unknown => one\n",
    'import(no-cycle)',
  ],
  ['renderer/main.ts', imports('../main/backend.ts'), 'no-restricted-imports'],
  ['renderer/features/library/deep.ts', imports('../../../main/archives/links.ts'), 'no-restricted-imports'],
  ['renderer/electron.ts', imports('electron'), 'no-restricted-imports'],
  ['renderer/node.ts', imports('node:fs'), 'no-restricted-imports'],
  ['renderer/builtin.ts', imports('fs'), 'import(no-nodejs-modules)'],
  ['renderer/zod.ts', imports('zod'), 'no-restricted-imports'],
  ['renderer/schema.ts', imports('../preload/contract/index.ts'), 'no-restricted-imports'],
  ['renderer/schema-type.ts', importsType('../preload/contract/index.ts'), null],
  ['renderer/errors.ts', imports('../preload/contract/errors.ts'), null],
  ['renderer/features/library/feature.ts', imports('../archive/files.ts'), 'no-restricted-imports'],
  ['renderer/features/library/own.ts', imports('./list.ts'), null],
  ['renderer/features/library/store.ts', imports('../../stores/ui.ts'), null],
  ['renderer/features/library/tests.ts', imports('../../../test/helpers/client.ts'), 'no-restricted-imports'],
  ['renderer/features/library/value.ts', imports('../../../preload/contract/models.ts'), 'no-restricted-imports'],
  ['renderer/ui/store.ts', imports('../stores/ui.ts'), 'no-restricted-imports'],
  ['renderer/ui/feature.ts', imports('../features/library/list.ts'), 'no-restricted-imports'],
  ['renderer/ui/own.ts', imports('./button.ts'), null],
]

describe('rules', () => {
  let objections: Map<string, string[]>
  let folder: string

  beforeAll(async () => {
    folder = await realpath(await mkdtemp(join(tmpdir(), 'cairn-rules-')))
    for (const [path, text] of planted) {
      await mkdir(dirname(join(folder, path)), { recursive: true })
      await writeFile(join(folder, path), text)
    }
    for (const name of [
      '.oxlintrc.json',
      'tsconfig.json',
      'tsconfig.base.json',
      'tsconfig.node.json',
      'tsconfig.page.json',
      'tsconfig.bridge.json',
    ]) {
      await copyFile(join(project, name), join(folder, name))
    }
    await symlink(join(project, 'node_modules'), join(folder, 'node_modules'), 'junction')
    objections = await lint(folder)
  })
  afterAll(() => rm(folder, { recursive: true }))

  test.each(planted)('%s', (path, _, rule) => {
    const found = objections.get(path) ?? []
    if (rule === null) expect(found).toEqual([])
    else expect(found.filter(name => name.includes(rule))).not.toEqual([])
  })
})

async function lint(folder: string): Promise<Map<string, string[]>> {
  const entry = join(dirname(createRequire(import.meta.url).resolve('oxlint/package.json')), 'bin/oxlint')
  const run = promisify(execFile)(process.execPath, [entry, '--type-aware', '--format', 'json'], {
    cwd: folder,
    maxBuffer: 1 << 26,
  })
  const { stdout } = await run.catch((error: { stdout: string }) => error)
  const { diagnostics } = JSON.parse(stdout) as { diagnostics: { code: string; filename: string }[] }
  const found = new Map<string, string[]>()
  for (const { code, filename } of diagnostics) found.set(filename, [...(found.get(filename) ?? []), code])
  return found
}
