/** Packs the built app once for all tests that run it, and leaves it in a folder with no modules above it. */
import { execFile } from 'node:child_process'
import { mkdtemp, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { TestProject } from 'vitest/node'
import type { Packed } from '../../resources/package/unpacked.mjs'

declare module 'vitest' {
  interface ProvidedContext {
    /** The app as files, as an installed one has them in its archive: a folder with `out`, `node_modules`, `resources`. */
    program: string
    packed: Packed & { readonly folder: string }
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const work = await realpath(await mkdtemp(join(tmpdir(), 'cairn-packed-')))
  const folder = join(work, 'made')
  const run = promisify(execFile)
  const { stdout } = await run(process.execPath, ['resources/package/unpacked.mjs', folder], { maxBuffer: 1e8 }).catch(
    (error: Error & { stdout?: string; stderr?: string }) => {
      throw new Error(`The app could not be packed: ${error.message}\n${error.stdout ?? ''}\n${error.stderr ?? ''}`)
    },
  )
  const packed = JSON.parse(stdout.trim().split('\n').at(-1)!) as Packed
  project.provide('program', join(folder, 'app'))
  project.provide('packed', { ...packed, folder })
  return () => rm(work, { recursive: true, force: true, maxRetries: 10 })
}
