/** What a picture says of itself before it is decoded. */
import { useEffect, useState } from 'react'
import { useConnection } from '../backend.ts'
import { imageHeader, type ImageHeader } from '../ui/image-header.ts'
import { readBytes, type Subject } from './content.ts'

/** Where a picture says in its first bytes how large it is, that is looked at before it is decoded. */
const HEAD = 128 * 1024
/** Pixels: four bytes each. */
export const MOST_PIXELS = 120_000_000

type Judged = { readonly header: ImageHeader | null }

/** null: not known yet. What cannot be read is judged by the element that shows it. */
export function useHeader(subject: Subject): Judged | null {
  const [judged, setJudged] = useState<Judged | null>(null)
  const live = useConnection().name === 'live'
  useEffect(() => {
    if (!live) return
    const stop = new AbortController()
    readBytes(subject, 0, Math.min(HEAD, subject.entry.size), stop.signal).then(
      ({ bytes }) => setJudged({ header: imageHeader(bytes) }),
      () => !stop.signal.aborted && setJudged({ header: null }),
    )
    return () => stop.abort()
  }, [subject, live])
  return judged
}
