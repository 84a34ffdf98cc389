/** The bytes of an entry: an address for pictures, films and PDF, and parts of it for everything that is shown as text. */
import { useEffect, useState } from 'react'
import { AppError } from '../../../preload/contract/errors.ts'
import type { Entry } from '../../../preload/contract/models.ts'
import { backend, connectionStore, contentUrl, useConnection, useContent } from '../../backend.ts'

/** One entry of an archive at a version; null: the newest. */
export type Subject = { readonly archive: string; readonly version: number | null; readonly entry: Entry }

/** Grants live as long as the connection: a backend that was restarted knows none of them. */
const grants = new Map<string, Promise<string>>()
connectionStore.subscribe(({ connection }) => {
  if (connection.name !== 'live') grants.clear()
})

function grantFor({ archive, version }: Subject): Promise<string> {
  const id = `${archive}@${version ?? 'newest'}`
  const known = grants.get(id)
  if (known !== undefined) return known
  const asked = backend.read.grant({ key: archive, version }).then(({ grant }) => grant)
  grants.set(id, asked)
  asked.catch(() => grants.delete(id))
  return asked
}

export type Loaded<T> =
  | { readonly name: 'loading' }
  | { readonly name: 'ready'; readonly value: T }
  | { readonly name: 'failed'; readonly error: unknown }

/** The address changes with the file, so that a picture that was replaced is not shown from a cache. */
export function useAddress(subject: Subject): Loaded<string> {
  const { archive, version, entry } = subject
  const content = useContent()
  const live = useConnection().name === 'live'
  const [state, setState] = useState<Loaded<string>>({ name: 'loading' })
  // biome-ignore lint/correctness/useExhaustiveDependencies: the entry's path, size and time stand for the entry
  useEffect(() => {
    if (!live || content === '') return
    let gone = false
    setState({ name: 'loading' })
    grantFor(subject).then(
      grant => {
        const stamp = `?${entry.size}-${entry.modified ?? 0}`
        if (!gone) setState({ name: 'ready', value: contentUrl(content, grant, entry.path) + stamp })
      },
      error => {
        if (!gone) setState({ name: 'failed', error })
      },
    )
    return () => {
      gone = true
    }
  }, [archive, version, entry.path, entry.size, entry.modified, content, live])
  return state
}

/** The most that the bridge gives at once is 1 MiB. */
export async function readBytes(
  { archive, version, entry }: Subject,
  start: number,
  length: number,
  signal: AbortSignal,
): Promise<{ readonly bytes: Uint8Array; readonly size: number }> {
  const { base64, size } = await backend.read.bytes(
    { key: archive, version, path: entry.path, start, length },
    { signal },
  )
  return { bytes: Uint8Array.from(atob(base64), letter => letter.charCodeAt(0)), size }
}

export type Head = {
  readonly bytes: Uint8Array
  /** Of the whole file. */
  readonly size: number
  readonly whole: boolean
}

export type HeadState = {
  readonly head: Loaded<Head>
  readonly reading: boolean
  /** Reads so many bytes more. */
  readonly more: (bytes: number) => void
}

/** The beginning of a file, `first` bytes of it and more on demand. */
export function useHead(subject: Subject, first: number): HeadState {
  const { archive, version, entry } = subject
  const [wanted, setWanted] = useState(first)
  const [head, setHead] = useState<Loaded<Head>>({ name: 'loading' })
  const [reading, setReading] = useState(true)
  const live = useConnection().name === 'live'

  // biome-ignore lint/correctness/useExhaustiveDependencies: the entry's path, size and time stand for the entry
  useEffect(() => {
    if (!live) return
    const stop = new AbortController()
    setReading(true)
    readUpTo(subject, head.name === 'ready' ? head.value : null, wanted, stop.signal)
      .then(
        value => !stop.signal.aborted && setHead({ name: 'ready', value }),
        error => !stop.signal.aborted && setHead({ name: 'failed', error }),
      )
      .finally(() => !stop.signal.aborted && setReading(false))
    return () => stop.abort()
  }, [archive, version, entry.path, entry.size, entry.modified, wanted, live])

  return { head, reading, more: bytes => setWanted(now => now + bytes) }
}

async function readUpTo(subject: Subject, before: Head | null, wanted: number, signal: AbortSignal): Promise<Head> {
  const parts = before === null ? [] : [before.bytes]
  let read = before?.bytes.length ?? 0
  let size = before?.size ?? subject.entry.size
  while (read < Math.min(wanted, size)) {
    const next = await readBytes(subject, read, Math.min(wanted - read, PART), signal)
    if (next.bytes.length === 0) break
    parts.push(next.bytes)
    read += next.bytes.length
    size = next.size
  }
  const bytes = new Uint8Array(read)
  let at = 0
  for (const each of parts) {
    bytes.set(each, at)
    at += each.length
  }
  return { bytes, size, whole: read >= size }
}

const PART = 256 * 1024

/** What an `<img>` or a player does not tell: whether the bytes cannot be had, or cannot be shown. null: they are there. */
export async function whyMissing(subject: Subject, signal: AbortSignal): Promise<unknown> {
  try {
    await readBytes(subject, 0, Math.min(1, subject.entry.size), signal)
    return null
  } catch (error) {
    return error
  }
}

/** One range of the file from the content origin, for readers that jump about in large files. */
export async function fetchRange(
  address: string,
  start: number,
  end: number,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const response = await fetch(address, {
    headers: { range: `bytes=${start}-${end - 1}` },
    signal,
    credentials: 'omit',
  })
  if (!response.ok) throw new AppError('DISCONNECTED', `The content was answered with ${response.status}`)
  const bytes = new Uint8Array(await response.arrayBuffer())
  return response.status === 206 ? bytes : bytes.subarray(start, end)
}
