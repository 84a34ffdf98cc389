/** The machine that is measured on: what it is, what its disk can do, and how it is brought to the same state each time. */
import { execFile, spawn } from 'node:child_process'
import { statfs } from 'node:fs/promises'
import { cpus, tmpdir, totalmem, type } from 'node:os'
import { promisify } from 'node:util'

const execute = promisify(execFile)

/** One line. */
export async function describeMachine(): Promise<string> {
  const cores = cpus()
  const memory = `${Math.round(totalmem() / 2 ** 30)} GiB`
  return `${cores.length} cores (${cores[0]?.model.trim() ?? 'unknown'}), ${memory}, ${await disk()}, ${type()}, Node ${process.version}`
}

async function disk(): Promise<string> {
  try {
    const { stdout } = await execute('df', ['--output=fstype,source', tmpdir()])
    const [kind, device] = stdout.trim().split('\n').at(-1)!.split(/\s+/)
    return `${kind} on ${device}`
  } catch {
    return `file system ${(await statfs(tmpdir())).type.toString(16)}`
  }
}

/** Nothing is left to be written, and the folder is in the page cache: so each of those who are compared finds it. */
export async function settle(source: string): Promise<void> {
  await run('sync')
  await run('find', source, '-type', 'f', '-exec', 'cat', '{}', '+')
}

/** Throws when it fails. */
export function run(command: string, ...args: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: 'ignore' })
    child.once('error', reject)
    child.once('close', code => {
      if (code === 0) resolve()
      else reject(new Error(`${command} ended with ${code}`))
    })
  })
}
