/**
 * The built backend without a window, in a process of its own with a storage of its own, driven as the page and the CLI
 * drive it: by the contract, over the socket in its storage folder.
 */
import { existsSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { connectLocal } from '../../main/lib/local-socket.ts'
import type { Contract } from '../../preload/contract/index.ts'
import type { ArchiveRow, Change, TransferRow } from '../../preload/contract/models.ts'
import { type Client, connect } from '../../preload/wire/connect.ts'
import { type Figures, MeasuredProcess, now } from './measured.ts'

const HEADLESS = new URL('../../out/main/headless.js', import.meta.url).pathname
/** What is slower than this has failed. */
const PATIENCE = 15 * 60_000
/** Longer than the second of quiet after which a changeset is made. */
const CALM = 1500

type Seen<T> = { readonly item: T; readonly at: number }

/** A collection of the backend, each change with the time at which it came. */
class Following<T extends { readonly id: string }> {
  readonly #last = new Map<string, Seen<T>>()
  readonly #listeners = new Set<(seen: Seen<T>) => void>()
  #error: Error | null = null

  constructor(changes: AsyncIterable<readonly Change<T>[]>) {
    void this.#run(changes)
  }

  listen(listener: (seen: Seen<T>) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** How the item is now, and each change of it until the loop is left. */
  async *of(id: string, milliseconds = PATIENCE): AsyncGenerator<Seen<T>, never> {
    const last = this.#last.get(id)
    const queue: Seen<T>[] = last === undefined ? [] : [last]
    let wake = () => {}
    const stop = this.listen(seen => {
      if (seen.item.id === id) queue.push(seen)
      wake()
    })
    const end = Date.now() + milliseconds
    try {
      while (true) {
        for (let next = queue.shift(); next !== undefined; next = queue.shift()) yield next
        if (this.#error !== null) throw this.#error
        if (Date.now() > end) throw new Error(`Not in time; it was last ${JSON.stringify(this.#last.get(id)?.item)}`)
        await new Promise<void>(resolve => {
          const timer = setTimeout(resolve, end - Date.now() + 1)
          wake = () => {
            clearTimeout(timer)
            resolve()
          }
          if (queue.length > 0 || this.#error !== null) wake()
        })
      }
    } finally {
      stop()
    }
  }

  async until(id: string, wanted: (item: T) => boolean, milliseconds?: number): Promise<Seen<T>> {
    for await (const seen of this.of(id, milliseconds)) if (wanted(seen.item)) return seen
    throw new Error('A collection does not end')
  }

  async #run(changes: AsyncIterable<readonly Change<T>[]>): Promise<void> {
    try {
      for await (const batch of changes) {
        const at = now()
        for (const change of batch) {
          if (change.op !== 'put') continue
          const seen = { item: change.item, at }
          this.#last.set(change.item.id, seen)
          for (const listener of this.#listeners) listener(seen)
        }
      }
    } catch (error) {
      this.#error = error as Error
      for (const listener of this.#listeners) listener({ item: { id: '' } as T, at: now() })
    }
  }
}

export type Published = {
  readonly key: string
  readonly row: ArchiveRow
  /** When the person asked, said yes, had the link, and when everything was in. */
  readonly asked: number
  readonly yes: number
  readonly linked: number
  readonly done: number
  /** Of what a watching client sees between the yes and the end: changes a second, and the longest silence. */
  readonly progress: { readonly rate: number; readonly silence: number }
}

export type Followed = {
  /** When the folder had it, when the archive's row had it, and the version. */
  readonly acted: number
  readonly at: number
  readonly length: number
  /** That the blobs have grown by. */
  readonly bytes: number
  /** It asked whether so many files are really to be removed, which was answered at once. */
  readonly asked: boolean
  readonly figures: Figures
}

export class Cairn {
  readonly storage: string
  readonly client: Client<Contract>
  readonly #process: MeasuredProcess
  readonly #archives: Following<ArchiveRow>
  readonly #transfers: Following<TransferRow>
  #removalsAsked = 0

  private constructor(storage: string, process: MeasuredProcess, client: Client<Contract>) {
    this.storage = storage
    this.client = client
    this.#process = process
    this.#archives = new Following(client.archives.watch())
    this.#transfers = new Following(client.transfers.watch())
    this.#archives.listen(({ item }) => {
      if (item.source?.state.name !== 'asks-removal') return
      this.#removalsAsked++
      void client.publish.answerRemoval({ key: item.id, remove: true })
    })
  }

  /** On a DHT of our own. `within`: a network namespace. */
  static async start(storage: string, bootstrap: string, within: string | null = null): Promise<Cairn> {
    if (!existsSync(HEADLESS)) throw new Error('Cairn is not built: npm run build')
    const args = ['--storage', storage, '--bootstrap', bootstrap]
    const process = await MeasuredProcess.start(HEADLESS, args, () => {}, within)
    while (true) {
      process.throwIfEnded()
      const transport = await connectLocal(storage)
      if (transport !== null) return new Cairn(storage, process, connect<Contract>(transport))
      await sleep(10)
    }
  }

  /** With consent given. */
  async goOnline(): Promise<void> {
    await this.consent()
    for await (const changes of this.client.network.watch())
      for (const change of changes) if (change.op === 'put' && change.item.state.name === 'online') return
  }

  /** Where nobody gets in unasked, or none has tried, it is not said to be online. */
  async consent(): Promise<void> {
    await this.client.settings.update({ consented: true })
  }

  get pid(): number {
    return this.#process.process.pid!
  }

  figures(): Promise<Figures> {
    return this.#process.figures()
  }

  /** As a person does it: the sheet, the yes, and until everything is in. `onLink` when the link is there. */
  async publish(path: string, onLink: (key: string) => void): Promise<Published> {
    const asked = now()
    const review = await this.client.publish.review({ paths: [path] })
    const yes = now()
    const { key, transfer } = await this.#start(review)
    const linked = now()
    onLink(key)
    const changes: number[] = []
    let before = ''
    for await (const { item, at } of this.#transfers.of(transfer)) {
      const progress = `${item.files} ${item.bytes}`
      if (progress !== before && item.files + item.bytes > 0) changes.push(at)
      before = progress
      if (item.state.name === 'failed') throw new Error(JSON.stringify(item.state))
      if (item.state.name !== 'done') continue
      const { item: row } = await this.#archives.until(key, ({ files }) => files === review.files, 60_000)
      if (row.bytes !== review.bytes) throw new Error(`${review.bytes} bytes were published, the row says ${row.bytes}`)
      const moments = [yes, ...changes, at]
      const silence = Math.max(...moments.slice(1).map((moment, index) => moment - moments[index]!))
      return {
        key,
        row,
        asked,
        yes,
        linked,
        done: at,
        progress: { rate: changes.length / ((at - yes) / 1000), silence },
      }
    }
    throw new Error('A collection does not end')
  }

  /** The same paths once more. Milliseconds until the folder has been looked through and is watched again. */
  async publishAgain(path: string, key: string): Promise<{ readonly took: number; readonly figures: Figures }> {
    await this.calm(key)
    await this.figures()
    const asked = now()
    const review = await this.client.publish.review({ paths: [path] })
    if (review.already?.key !== key) throw new Error('The archive of these paths was not found again')
    const [done] = await Promise.all([this.rescanned(key), this.#start(review)])
    return { took: done - asked, figures: await this.figures() }
  }

  /** When its source, seen at work, is watched again. What begins and ends within one sample of a row is not seen. */
  async rescanned(key: string): Promise<number> {
    const working = await this.#archives
      .until(key, row => !isWatching(row), 60_000)
      .catch(() => {
        throw new Error('It was not seen to look through the folder')
      })
    for await (const { item, at } of this.#archives.of(key)) {
      throwIfFailed(item)
      if (at > working.at && isWatching(item)) return at
    }
    throw new Error('A collection does not end')
  }

  /** Does something to the folder and waits until a version `holds` it. */
  async follow(key: string, act: () => Promise<void>, holds: (version: number) => Promise<boolean>): Promise<Followed> {
    const before = await this.calm(key)
    const asked = this.#removalsAsked
    await this.figures()
    await act()
    const acted = now()
    let length = before.length
    for await (const { item, at } of this.#archives.of(key)) {
      throwIfFailed(item)
      if (item.length === length) continue
      length = item.length
      if (!(await holds(length))) continue
      const figures = await this.figures()
      const after = await this.calm(key)
      return {
        figures,
        acted,
        at,
        length,
        bytes: after.held.ofBytes - before.held.ofBytes,
        asked: this.#removalsAsked > asked,
      }
    }
    throw new Error('A collection does not end')
  }

  /** Watching, and nothing has happened for longer than the quiet that it waits for. */
  async calm(key: string): Promise<ArchiveRow> {
    let calm: { readonly row: ArchiveRow; readonly since: number } | null = null
    const stop = this.#archives.listen(({ item }) => {
      if (item.id === key && (!isWatching(item) || item.length !== calm?.row.length)) calm = null
    })
    try {
      while (true) {
        const { item } = await this.#archives.until(key, row => {
          throwIfFailed(row)
          return isWatching(row)
        })
        calm = { row: item, since: now() }
        await sleep(CALM)
        if (calm !== null) return (await this.#archives.until(key, () => true)).item
      }
    } finally {
      stop()
    }
  }

  async size(key: string, version: number, path: string): Promise<number | null> {
    return (await this.client.read.entry({ key, version, path }))?.size ?? null
  }

  /** Opens a friend's link, and waits until it is found. */
  async open(link: string): Promise<string> {
    const { key } = await this.client.archives.open({ link })
    await this.#archives.until(key, row => row.state.name === 'found', 60_000)
    return key
  }

  /** Until everything is in the folder, or so many bytes are. Seconds. */
  async get(key: string, folder: string, enough = Number.POSITIVE_INFINITY): Promise<number> {
    const asked = now()
    const { transfer } = await this.client.read.download({ key, version: null, paths: ['/'], folder, overwrite: false })
    const { item, at } = await this.#transfers.until(transfer, row => {
      if (row.state.name === 'failed') throw new Error(JSON.stringify(row.state))
      return row.state.name === 'done' || row.bytes >= enough
    })
    if (item.skippedCount > 0) throw new Error(`${item.skippedCount} files were left out`)
    return (at - asked) / 1000
  }

  async ended(transfer: string): Promise<void> {
    await this.#transfers.until(transfer, ({ state }) => {
      if (state.name === 'failed') throw new Error(JSON.stringify(state))
      return state.name === 'done'
    })
  }

  /** Until a transfer that was there at the start is done. */
  async resumed(): Promise<void> {
    for await (const changes of this.client.transfers.watch())
      for (const change of changes) if (change.op === 'put' && change.item.state.name === 'done') return
  }

  /** Over the network since the start, in bytes. */
  async sent(): Promise<number> {
    return (await this.#wire()).bytesUp
  }

  async received(): Promise<number> {
    return (await this.#wire()).bytesDown
  }

  async #wire() {
    // Counted four times a second.
    await sleep(600)
    for await (const changes of this.client.network.watch())
      for (const change of changes) if (change.op === 'put') return change.item
    throw new Error('A collection does not end')
  }

  /** Keeps all of it, and waits until it is here. Seconds. */
  async keep(key: string): Promise<number> {
    const asked = now()
    await this.client.archives.keep({ key, keep: true })
    const { at } = await this.#archives.until(
      key,
      ({ held }) => held.ofBlocks > 0 && held.blocks === held.ofBlocks,
      600_000,
    )
    return (at - asked) / 1000
  }

  /** So many hold it and are connected. */
  async meets(key: string, peers: number): Promise<void> {
    await this.#archives.until(key, row => row.peers >= peers, 60_000)
  }

  /** When the archive's length is as wanted. */
  async changed(key: string, wanted: (length: number) => boolean): Promise<number> {
    return (await this.#archives.until(key, ({ length }) => wanted(length), 60_000)).at
  }

  end(signal?: NodeJS.Signals): Promise<void> {
    return this.#process.end(signal)
  }

  #start({ id, title }: { readonly id: string; readonly title: string }) {
    return this.client.publish.start({
      review: id,
      title,
      private: false,
      exclude: [],
      includeSuspicious: false,
      into: null,
    })
  }
}

const isWatching = (row: ArchiveRow): boolean => row.source?.state.name === 'watching'

function throwIfFailed(row: ArchiveRow): void {
  if (row.source?.state.name === 'failed') throw new Error(JSON.stringify(row.source.state.error))
}
