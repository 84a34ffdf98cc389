/** File systems of their own for a test. They need root, as CI has it. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { onTestFinished } from 'vitest'
import { temporaryFolder } from './files.ts'

const run = promisify(execFile)

export type SmallDisk = {
  readonly folder: string
  /** Makes it larger, as somebody does who deletes other things from it. */
  resize(megabytes: number): Promise<void>
}

/** A disk in memory that is full after so many megabytes. */
export async function smallDisk(megabytes: number): Promise<SmallDisk> {
  const folder = await temporaryFolder('small')
  await run('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'none', folder])
  onTestFinished(async () => void (await run('umount', ['-l', folder])))
  return {
    folder,
    resize: async to => void (await run('mount', ['-o', `remount,size=${to}m`, folder])),
  }
}
