/** Somebody who writes, renames and deletes below a folder as fast as they can while it is published. */
import { mkdir, open, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'

const LINE = 64

/** Each line says which generation of which file it is of, and which of its lines. */
function content(generation: number, size: number): Buffer {
  const lines = Math.ceil(size / LINE)
  const bytes = Buffer.alloc(lines * LINE, ' ')
  for (let line = 0; line < lines; line++) {
    bytes.write(`generation ${generation} line ${line}`, line * LINE)
    bytes[line * LINE + LINE - 1] = 10
  }
  return bytes.subarray(0, size)
}

/** Whether a file ever was like this: one generation, from its beginning, as far as it had been written by then. */
export function wasOnce(bytes: Buffer): boolean {
  if (bytes.length === 0) return true
  const generation = /^generation (\d+) /.exec(bytes.subarray(0, LINE).toString())?.[1]
  // Shorter than the first line's first words.
  if (generation === undefined) return bytes.length < LINE
  return content(Number(generation), bytes.length).equals(bytes)
}

export type Churn = {
  /** Everything has been as it is for the last time. */
  stop(): Promise<void>
  /** How many times something was written, renamed or deleted. */
  readonly rounds: number
}

/**
 * Besides, `always` is written to without a pause, so that nobody ever reads it as it was at one moment, and `log` grows.
 */
export function churn(
  root: string,
  { always, log }: { readonly always: string; readonly log: string },
  random: () => number = Math.random,
): Churn {
  let going = true
  let generation = 0
  let rounds = 0
  const below = () => join(root, 'churn', `folder ${Math.floor(random() * 4)}`, `file ${Math.floor(random() * 16)}`)
  const size = () => [0, 10, 5000, 300_000, 1_500_000][Math.floor(random() * 5)]!

  const whole = async (path: string) => {
    const fresh = `${path} ${++generation}`
    await writeFile(fresh, content(generation, size()))
    await rename(fresh, path)
  }
  /** Two who write to the same file would make what nobody ever meant to be. */
  let isWriting = false
  const inParts = async (path: string, length: number) => {
    if (isWriting) return whole(path)
    isWriting = true
    try {
      await writeInParts(path, length)
    } finally {
      isWriting = false
    }
  }
  const writeInParts = async (path: string, length: number) => {
    const bytes = content(++generation, length)
    const handle = await open(path, 'w')
    try {
      for (let at = 0; at < length && going; at += 100_000)
        await handle.write(bytes, at, Math.min(100_000, length - at))
    } finally {
      await handle.close()
    }
  }
  const once = async () => {
    const path = below()
    await mkdir(dirname(path), { recursive: true })
    const kind = random()
    if (kind < 0.4) await whole(path)
    else if (kind < 0.6) await inParts(path, size())
    else if (kind < 0.75) await rename(path, below())
    else if (kind < 0.85) await rename(dirname(path), join(root, 'churn', `folder ${Math.floor(random() * 4)}`))
    else if (kind < 0.97) await rm(path)
    else await rm(dirname(path), { recursive: true })
  }
  const until = async (task: () => Promise<void>) => {
    while (going) {
      // Two of them are in each other's way now and then.
      await task().catch((error: NodeJS.ErrnoException) => {
        if (!['ENOENT', 'ENOTEMPTY', 'EISDIR', 'ENOTDIR', 'EEXIST'].includes(error.code ?? '')) throw error
      })
      rounds++
      await new Promise(resolve => setImmediate(resolve))
    }
  }
  const grow = async () => {
    const handle = await open(join(root, log), 'a')
    try {
      await handle.write(`${++generation} was here\n`)
    } finally {
      await handle.close()
    }
  }
  const scribble = async () => {
    const handle = await open(join(root, always), 'w')
    try {
      await handle.truncate(16 << 20)
      while (going) await handle.write(`${++generation}`, Math.floor(random() * (16 << 20)))
    } finally {
      await handle.close()
    }
  }
  const running = Promise.all([until(once), until(once), until(grow), scribble()])
  return {
    get rounds() {
      return rounds
    },
    stop: async () => {
      going = false
      await running
    },
  }
}
