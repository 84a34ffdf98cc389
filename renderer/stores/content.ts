/** The bytes of an entry: an address for pictures, films and PDF, and parts of it for everything that is shown as text. */
import { useEffect, useRef, useState } from 'react'
import { AppError } from '../../preload/contract/errors.ts'
import type { Entry } from '../../preload/contract/models.ts'
import { backend, connectionStore, contentUrl, useConnection, useContent } from '../backend.ts'

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

/**
 * `subject` must stay the same object for as long as it is shown. The address changes with the file, so that a picture
 * that was replaced is not shown from a cache.
 */
export function useAddress(subject: Subject): Loaded<string> {
  const content = useContent()
  const live = useConnection().name === 'live'
  const [state, setState] = useState<Loaded<string>>({ name: 'loading' })
  useEffect(() => {
    if (!live || content === '') return
    let gone = false
    const { path, size, modified } = subject.entry
    grantFor(subject).then(
      grant => {
        if (!gone) setState({ name: 'ready', value: `${contentUrl(content, grant, path)}?${size}-${modified ?? 0}` })
      },
      error => {
        if (!gone) setState({ name: 'failed', error })
      },
    )
    return () => {
      gone = true
    }
  }, [subject, content, live])
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

/** One end of a file. */
export type Part = {
  readonly bytes: Uint8Array
  /** Where they begin in the file. */
  readonly start: number
  /** Of the whole file. */
  readonly size: number
  readonly whole: boolean
}

export type PartState = {
  readonly part: Loaded<Part>
  readonly reading: boolean
  /** Reads so many bytes more, on from the end that it begins at. */
  readonly more: (bytes: number) => void
  /** After a failure. */
  readonly retry: () => void
}

/** `first` bytes from one end of a file and more on demand. `subject` must stay the same object. */
export function usePart(subject: Subject, from: 'start' | 'end', first: number): PartState {
  const [wanted, setWanted] = useState(first)
  const [part, setPart] = useState<Loaded<Part>>({ name: 'loading' })
  const known = useRef<Part | null>(null)
  const [tries, setTries] = useState(0)
  const live = useConnection().name === 'live'

  useEffect(() => {
    if (!live) return
    const stop = new AbortController()
    const read = from === 'start' ? readUpTo : readBackTo
    read(subject, known.current, wanted, stop.signal).then(
      value => {
        if (stop.signal.aborted) return
        known.current = value
        setPart({ name: 'ready', value })
      },
      error => {
        if (!stop.signal.aborted) setPart({ name: 'failed', error })
      },
    )
    return () => stop.abort()
  }, [subject, from, wanted, live, tries])

  const retry = () => {
    setPart({ name: 'loading' })
    setTries(tries + 1)
  }
  const reading = part.name === 'ready' && !part.value.whole && part.value.bytes.length < wanted
  return { part, reading, more: bytes => setWanted(now => now + bytes), retry }
}

async function readUpTo(subject: Subject, before: Part | null, wanted: number, signal: AbortSignal): Promise<Part> {
  const parts = before === null ? [] : [before.bytes]
  let read = before?.bytes.length ?? 0
  let size = before?.size ?? subject.entry.size
  while (read < Math.min(wanted, size)) {
    const next = await readBytes(subject, read, Math.min(wanted - read, ONCE), signal)
    if (next.bytes.length === 0) break
    parts.push(next.bytes)
    read += next.bytes.length
    size = next.size
  }
  return { bytes: joined(parts), start: 0, size, whole: read >= size }
}

/** Begins at a multiple of 16, so that neither a row of bytes nor a letter of UTF-16 is cut. */
async function readBackTo(subject: Subject, before: Part | null, wanted: number, signal: AbortSignal): Promise<Part> {
  const size = before?.size ?? subject.entry.size
  const parts = before === null ? [] : [before.bytes]
  const wantedStart = Math.floor(Math.max(0, size - wanted) / 16) * 16
  const end = before?.start ?? size
  let start = end
  while (start > wantedStart) {
    const from = Math.max(wantedStart, start - ONCE)
    const next = await readBytes(subject, from, start - from, signal)
    if (next.bytes.length < start - from) break
    parts.unshift(next.bytes)
    start = from
  }
  return { bytes: joined(parts), start, size, whole: start === 0 }
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const each of parts) {
    bytes.set(each, at)
    at += each.length
  }
  return bytes
}

/** Bytes that are asked for at once. */
const ONCE = 256 * 1024

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

/** All of it: for what is small. */
export const readWhole = async (subject: Subject, signal: AbortSignal): Promise<Uint8Array> =>
  (await readUpTo(subject, null, subject.entry.size, signal)).bytes
