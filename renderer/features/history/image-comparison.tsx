/** A picture as it was and as it is: one over the other with a line between them that can be moved, or side by side. */
import { Columns2, SquareSplitHorizontal } from 'lucide-react'
import { type PointerEvent, type ReactElement, useEffect, useState } from 'react'
import { type Subject, useAddress } from '../../stores/content.ts'
import { usePicture } from '../../stores/pictures.ts'
import { prefer, usePreference } from '../../stores/preferences.ts'
import { IconButton } from '../../ui/button.tsx'
import { cx } from '../../ui/class-names.ts'
import { bytes, number } from '../../ui/format.ts'
import { plainName } from '../../ui/names.ts'
import { Skeleton } from '../../ui/skeleton.tsx'
import { Slider } from '../../ui/slider.tsx'
import type { TwoSides } from './sides.ts'

export function ImageComparison({ sides: { before, after } }: { readonly sides: TwoSides }): ReactElement {
  const preferred = usePreference('pictures')
  /** One of them is told in words, which a line that slides would cut. */
  const [inWords, setInWords] = useState(false)
  // With one of them alone there is nothing to slide.
  const canSlide = before !== null && after !== null && !inWords
  return (
    <>
      {canSlide && (
        <div
          className="flex shrink-0 items-center justify-end border-b border-line px-3 py-1.5"
          role="group"
          aria-label="Arranged"
        >
          <IconButton
            label="One over the other"
            pressed={preferred === 'slider'}
            onClick={() => prefer({ pictures: 'slider' })}
          >
            <SquareSplitHorizontal size={16} aria-hidden />
          </IconButton>
          <IconButton
            label="Side by side"
            pressed={preferred === 'beside'}
            onClick={() => prefer({ pictures: 'beside' })}
          >
            <Columns2 size={16} aria-hidden />
          </IconButton>
        </div>
      )}
      {canSlide && preferred === 'slider' ? (
        <Sliding before={before} after={after} onWords={() => setInWords(true)} />
      ) : (
        <div className="grid min-h-0 flex-1 grid-cols-1 grid-rows-2 gap-2 p-3 narrow:grid-cols-2 narrow:grid-rows-1">
          <Side side={before} label="Before" missing="It was not there before." />
          <Side side={after} label="After" missing="It is not there any more." />
        </div>
      )}
    </>
  )
}

type Shape = { readonly width: number; readonly height: number }

const said = (label: string, { entry }: Subject, shape: Shape | null): string =>
  [
    label,
    shape === null || shape.width === 0 ? '' : `${number(shape.width)} × ${number(shape.height)}`,
    bytes(entry.size),
  ]
    .filter(Boolean)
    .join(' · ')

type SideProps = { readonly side: Subject | null; readonly label: string; readonly missing: string }

function Side({ side, label, missing }: SideProps): ReactElement {
  const [shape, setShape] = useState<Shape | null>(null)
  return (
    <figure className="flex min-h-0 min-w-0 flex-col rounded-lg border border-line bg-sunken">
      <div className="relative min-h-0 flex-1">
        {side === null ? (
          <p className="grid h-full place-items-center p-4 text-center text-muted">{missing}</p>
        ) : (
          <Picture side={side} label={label} onShape={setShape} />
        )}
      </div>
      <figcaption className="tabular shrink-0 truncate border-t border-line bg-surface px-3 py-1 text-center text-sm text-muted">
        {side === null ? label : said(label, side, shape)}
      </figcaption>
    </figure>
  )
}

/** In percent of the width: what lies left of it is shown as it was. */
const STEP = 5

type SlidingProps = { readonly before: Subject; readonly after: Subject; readonly onWords: () => void }

function Sliding({ before, after, onWords }: SlidingProps): ReactElement {
  const [at, setAt] = useState(50)
  const [shapes, setShapes] = useState<{ readonly before: Shape | null; readonly after: Shape | null }>({
    before: null,
    after: null,
  })
  const drag = (event: PointerEvent<HTMLDivElement>) => {
    if (event.buttons !== 1) return
    const { left, width } = event.currentTarget.getBoundingClientRect()
    event.currentTarget.setPointerCapture(event.pointerId)
    setAt(Math.round(Math.min(1, Math.max(0, (event.clientX - left) / width)) * 100))
  }
  const onKey = (key: string): boolean => {
    const by = key === 'PageUp' ? STEP * 2 : key === 'PageDown' ? -STEP * 2 : 0
    if (by !== 0) setAt(Math.min(100, Math.max(0, at + by)))
    return by !== 0
  }
  const text = at === 0 ? 'All as it is after' : at === 100 ? 'All as it was before' : `${at}% as it was before`
  return (
    <div className="flex min-h-0 flex-1 flex-col gap-2 p-3">
      <div
        onPointerDown={drag}
        onPointerMove={drag}
        className="relative min-h-0 flex-1 cursor-ew-resize touch-none overflow-hidden rounded-lg border border-line bg-sunken select-none"
      >
        <Picture
          side={after}
          label="After"
          onWords={onWords}
          onShape={after => setShapes(known => ({ ...known, after }))}
        />
        <div className="absolute inset-0 bg-sunken" style={{ clipPath: `inset(0 ${100 - at}% 0 0)` }}>
          <Picture
            side={before}
            label="Before"
            onWords={onWords}
            onShape={before => setShapes(known => ({ ...known, before }))}
          />
        </div>
        <div aria-hidden className="absolute inset-y-0 w-0.5 -translate-x-1/2 bg-accent" style={{ left: `${at}%` }} />
      </div>
      <Slider
        label="Line between before and after"
        text={text}
        value={at}
        least={0}
        most={100}
        onMove={setAt}
        onKey={onKey}
      />
      <p className="tabular flex shrink-0 flex-wrap justify-between gap-x-4 text-sm text-muted">
        <span>{said('Left: before', before, shapes.before)}</span>
        <span>{said('Right: after', after, shapes.after)}</span>
      </p>
    </div>
  )
}

/** `onWords`: it cannot be shown, and why is said in its place. */
type PictureProps = {
  readonly side: Subject
  readonly label: string
  readonly onShape: (shape: Shape) => void
  readonly onWords?: () => void
}

/** Fills the box that it is in, and keeps its shape: pictures of other dimensions are shown as large as it. */
function Picture({ side, label, onShape, onWords }: PictureProps): ReactElement {
  const address = useAddress(side)
  const judged = usePicture(side)
  const [state, setState] = useState<'loading' | 'shown' | 'failed'>('loading')
  const cannot = state === 'failed' || address.name === 'failed' || (judged !== null && judged.error !== null)
  const tooLarge = judged?.tooLarge ?? null
  const isInWords = cannot || tooLarge !== null
  useEffect(() => {
    if (isInWords) onWords?.()
  }, [isInWords, onWords])
  if (isInWords)
    return (
      <p className="grid h-full place-items-center p-4 text-center text-balance text-muted">
        {cannot ? 'This picture cannot be shown.' : `This picture is too large to be shown here. ${tooLarge}`}
      </p>
    )
  return (
    <>
      {state === 'loading' && <Skeleton className="absolute inset-0 h-full" />}
      {address.name === 'ready' && judged !== null && (
        <img
          key={address.value}
          src={address.value}
          alt={`${label}: ${plainName(side.entry.name)}`}
          decoding="async"
          draggable={false}
          referrerPolicy="no-referrer"
          onLoad={({ currentTarget: { naturalWidth: width, naturalHeight: height } }) => {
            setState('shown')
            onShape({ width, height })
          }}
          onError={() => setState('failed')}
          className={cx('absolute inset-0 size-full object-contain', state === 'loading' && 'opacity-0')}
        />
      )}
    </>
  )
}
