/** Small JSON files that are either the old or the new one, whatever happens in between: temp, fsync, rename, fsync. */
import { open, readFile, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'

/** null: there is no such file. Throws if it is there and cannot be read or parsed. */
export async function readJson(path: string): Promise<unknown> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
  return JSON.parse(text) as unknown
}

/** Readable by its owner alone: the file may hold secrets of private archives. */
export async function writeJson(path: string, value: unknown): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`
  try {
    const file = await open(temporary, 'w', 0o600)
    try {
      await file.writeFile(JSON.stringify(value))
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
  await syncFolder(dirname(path))
}

/** Windows cannot open a folder; there the rename alone has to do. */
async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

/** Runs saves one after another and folds those that wait into one. */
export class Saver {
  readonly #save: () => Promise<void>
  #running: Promise<void> | null = null
  #again: Promise<void> | null = null

  constructor(save: () => Promise<void>) {
    this.#save = save
  }

  /** Resolves when a save that began after this call has ended. */
  save(): Promise<void> {
    if (this.#running === null) {
      this.#running = this.#save().finally(() => {
        this.#running = null
      })
      return this.#running
    }
    this.#again ??= this.#running
      .catch(() => {})
      .then(() => {
        this.#again = null
        return this.save()
      })
    return this.#again
  }
}
