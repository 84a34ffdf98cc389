/** Pictures, sound and films, from the content origin. Nothing plays by itself; the backend answers ranges, so seeking works. */
import { Music } from 'lucide-react'
import { type ReactElement, useEffect, useState } from 'react'
import { cx } from '../../ui/class-names.ts'
import { FileName } from '../../ui/file-name.tsx'
import { moment, playingTime } from '../../ui/format.ts'
import type { ImageHeader } from '../../ui/image-header.ts'
import { plainName } from '../../ui/names.ts'
import { Skeleton } from '../../ui/skeleton.tsx'
import { type Subject, useAddress, whyMissing } from '../../stores/content.ts'
import { usePicture } from '../../stores/pictures.ts'
import { ErrorProblem, Problem, Waiting } from './problem.tsx'

type Failure =
  | { readonly name: 'none' }
  | { readonly name: 'damaged' }
  | { readonly name: 'error'; readonly error: unknown }

/** Asks the backend why, because an element only says that it failed. */
function useFailure(subject: Subject): [Failure, fail: () => void, forget: () => void] {
  const [failure, setFailure] = useState<Failure>({ name: 'none' })
  const [asked, setAsked] = useState(0)
  useEffect(() => {
    if (asked === 0) return
    const stop = new AbortController()
    void whyMissing(subject, stop.signal).then(error => {
      if (!stop.signal.aborted) setFailure(error === null ? { name: 'damaged' } : { name: 'error', error })
    })
    return () => stop.abort()
  }, [asked, subject])
  return [failure, () => setAsked(times => times + 1), () => setFailure({ name: 'none' })]
}

export function ImagePreview({ subject }: { readonly subject: Subject }): ReactElement {
  const address = useAddress(subject)
  const judged = usePicture(subject)
  const [shape, setShape] = useState<string | null>(null)
  const [failure, fail, forget] = useFailure(subject)
  const failed = failureView(address, failure, 'picture', forget)
  if (failed !== null) return failed
  const header = judged?.header ?? null
  if (judged !== null && judged.error !== null) return <ErrorProblem error={judged.error} />
  if (judged !== null && judged.tooLarge !== null)
    return (
      <Problem
        title="This picture is too large to be shown here"
        text={`${judged.tooLarge} Download it to open it with another program.`}
      />
    )
  const said = [
    shape === '0 × 0' || /\.svgz?$/i.test(subject.entry.name) ? 'Drawn at any size' : shape,
    header?.camera,
    takenOn(header),
  ]
  return (
    <figure className="flex h-full min-h-0 flex-col">
      <div className="relative grid min-h-0 flex-1 place-items-center overflow-hidden bg-sunken">
        {shape === null && (
          <>
            <Skeleton className="absolute inset-0 h-full" />
            <Waiting />
          </>
        )}
        {address.name === 'ready' && judged !== null && (
          <img
            key={address.value}
            src={address.value}
            alt={plainName(subject.entry.name)}
            decoding="async"
            draggable={false}
            referrerPolicy="no-referrer"
            onLoad={event => setShape(`${event.currentTarget.naturalWidth} × ${event.currentTarget.naturalHeight}`)}
            onError={fail}
            className={cx('absolute inset-0 size-full object-contain', shape === null && 'opacity-0')}
          />
        )}
      </div>
      <Caption said={shape === null ? [] : said} />
    </figure>
  )
}

/** What is known of it, in a line that is there from the beginning, so that nothing jumps. */
function Caption({ said }: { readonly said: readonly (string | null | undefined)[] }): ReactElement {
  const line = said.filter(Boolean).join(' · ')
  return (
    <figcaption
      title={line}
      className="h-6 shrink-0 truncate bg-surface px-3 pt-1 text-center text-sm text-muted tabular"
    >
      {line}
    </figcaption>
  )
}

/** Cameras know no time zones: shown as they wrote it. */
function takenOn(header: ImageHeader | null): string | null {
  const [, year, month, day, hour, minute] = /^(\d+):(\d+):(\d+) (\d+):(\d+)/.exec(header?.taken ?? '') ?? []
  const taken = new Date(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute)).getTime()
  return Number.isNaN(taken) || year === '0000' ? null : `taken ${moment(taken)}`
}

export function VideoPreview({ subject }: { readonly subject: Subject }): ReactElement {
  const address = useAddress(subject)
  const [said, setSaid] = useState<readonly string[]>([])
  const [failure, fail, forget] = useFailure(subject)
  const failed = failureView(address, failure, 'film', forget)
  if (failed !== null) return failed
  return (
    <figure className="flex h-full min-h-0 flex-col">
      <div className="relative min-h-0 flex-1 overflow-hidden bg-sunken">
        {address.name === 'ready' ? (
          // biome-ignore lint/a11y/useMediaCaption: archives hold files, and captions are where their authors put them
          <video
            key={address.value}
            src={address.value}
            controls
            controlsList="noremoteplayback"
            disableRemotePlayback
            playsInline
            preload="metadata"
            aria-label={plainName(subject.entry.name)}
            onError={fail}
            onLoadedMetadata={event => setSaid(aboutMedia(event.currentTarget))}
            className="absolute inset-0 size-full"
          />
        ) : (
          <Skeleton className="absolute inset-0 h-full" />
        )}
      </div>
      <Caption said={said} />
    </figure>
  )
}

function aboutMedia(element: HTMLMediaElement): readonly string[] {
  return [
    ...(element instanceof HTMLVideoElement && element.videoWidth > 0
      ? [`${element.videoWidth} × ${element.videoHeight}`]
      : []),
    ...(Number.isFinite(element.duration) ? [playingTime(element.duration)] : []),
  ]
}

export function AudioPreview({ subject, large }: { readonly subject: Subject; readonly large: boolean }): ReactElement {
  const address = useAddress(subject)
  const [failure, fail, forget] = useFailure(subject)
  const failed = failureView(address, failure, 'recording', forget)
  if (failed !== null) return failed
  return (
    <div className="flex h-full flex-col items-center justify-center gap-4 bg-sunken p-5">
      <div aria-hidden className="grid size-16 place-items-center rounded-full bg-accent-soft text-accent-text">
        <Music size={28} />
      </div>
      {large && <FileName name={subject.entry.name} className="text-md font-medium" />}
      {address.name === 'ready' ? (
        // biome-ignore lint/a11y/useMediaCaption: archives hold files, and captions are where their authors put them
        <audio
          key={address.value}
          src={address.value}
          controls
          preload="metadata"
          aria-label={plainName(subject.entry.name)}
          onError={fail}
          className="h-13.5 w-full max-w-136"
        />
      ) : (
        <Skeleton className="h-13.5 w-full max-w-136 rounded-full" />
      )}
    </div>
  )
}

function failureView(
  address: ReturnType<typeof useAddress>,
  failure: Failure,
  what: string,
  forget: () => void,
): ReactElement | null {
  if (address.name === 'failed') return <ErrorProblem error={address.error} />
  if (failure.name === 'none') return null
  if (failure.name === 'error') return <ErrorProblem error={failure.error} onRetry={forget} />
  return (
    <Problem
      title={`This ${what} cannot be shown here`}
      text="It is damaged, or of a kind that cannot be shown here. Download it to open it with another program."
      onRetry={forget}
    />
  )
}
