/** What a picture says of itself before it is decoded or drawn, since a few bytes can ask for more than any machine has. */
import { useEffect, useState } from 'react'
import { useConnection } from '../backend.ts'
import { elementsOf } from '../ui/drawing.ts'
import { bytes, number } from '../ui/format.ts'
import { imageHeader, type ImageHeader } from '../ui/image-header.ts'
import { readBytes, readWhole, type Subject } from './content.ts'

/** Where a picture says in its first bytes how large it is, that is looked at before it is decoded. */
const HEAD = 128 * 1024
/** Pixels: four bytes each. */
const MOST_PIXELS = 120_000_000
/** Bytes of a drawing (SVG), and elements that are drawn. */
const MOST_DRAWN_BYTES = 4 << 20
const MOST_DRAWN = 100_000

/**
 * `tooLarge`: it must not be shown, and why, as a sentence. `error`: nor this one, since nothing could be learned of it. null:
 * it may.
 */
type Judged = { readonly header: ImageHeader | null; readonly tooLarge: string | null; readonly error: unknown }

/** null: not known yet. Pixels that cannot be read are judged by the element that shows them. */
export function usePicture(subject: Subject): Judged | null {
  const [judged, setJudged] = useState<Judged | null>(null)
  const live = useConnection().name === 'live'
  useEffect(() => {
    if (!live) return
    const stop = new AbortController()
    const isDrawing = /\.svg$/i.test(subject.entry.name)
    const judge = isDrawing ? judgeDrawing : judgePicture
    judge(subject, stop.signal).then(
      judged => !stop.signal.aborted && setJudged(judged),
      (error: unknown) =>
        !stop.signal.aborted && setJudged({ header: null, tooLarge: null, error: isDrawing ? error : null }),
    )
    return () => stop.abort()
  }, [subject, live])
  return judged
}

async function judgePicture(subject: Subject, signal: AbortSignal): Promise<Judged> {
  const { bytes } = await readBytes(subject, 0, Math.min(HEAD, subject.entry.size), signal)
  const header = imageHeader(bytes)
  const isTooLarge = header !== null && header.width * header.height > MOST_PIXELS
  return {
    header,
    tooLarge: isTooLarge ? `It has ${number(header.width)} × ${number(header.height)} pixels.` : null,
    error: null,
  }
}

async function judgeDrawing(subject: Subject, signal: AbortSignal): Promise<Judged> {
  const { size } = subject.entry
  if (size > MOST_DRAWN_BYTES)
    return {
      header: null,
      tooLarge: `It has ${bytes(size)}, and drawings of up to ${bytes(MOST_DRAWN_BYTES)} are shown.`,
      error: null,
    }
  const text = new TextDecoder().decode(await readWhole(subject, signal))
  return {
    header: null,
    tooLarge: elementsOf(text) > MOST_DRAWN ? `It draws more than ${number(MOST_DRAWN)} shapes.` : null,
    error: null,
  }
}
