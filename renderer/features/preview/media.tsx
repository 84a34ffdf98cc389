/** Pictures, sound and films, from the content origin. Nothing plays by itself; the backend answers ranges, so seeking works. */
import { Music } from 'lucide-react'
import { type ReactElement, useEffect, useState } from 'react'
import { cx } from '../../ui/class-names.ts'
import { FileName } from '../../ui/file-name.tsx'
import { plainName } from '../../ui/names.ts'
import { Skeleton } from '../../ui/skeleton.tsx'
import { type Subject, useAddress, whyMissing } from './content.ts'
import { ErrorProblem, Problem } from './problem.tsx'

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
  const [shape, setShape] = useState<string | null>(null)
  const [failure, fail, forget] = useFailure(subject)
  const failed = failureView(address, failure, 'picture', forget)
  if (failed !== null) return failed
  return (
    <figure className="flex h-full min-h-0 flex-col">
      <div className="relative grid min-h-0 flex-1 place-items-center overflow-hidden bg-sunken">
        {shape === null && <Skeleton className="absolute inset-0 h-full" />}
        {address.name === 'ready' && (
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
      <figcaption className="h-6 shrink-0 bg-surface pt-1 text-center text-sm text-muted tabular">
        {shape === '0 × 0' ? 'Drawn at any size' : shape}
      </figcaption>
    </figure>
  )
}

export function VideoPreview({ subject }: { readonly subject: Subject }): ReactElement {
  const address = useAddress(subject)
  const [failure, fail, forget] = useFailure(subject)
  const failed = failureView(address, failure, 'film', forget)
  if (failed !== null) return failed
  return (
    <div className="relative h-full overflow-hidden bg-sunken">
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
          className="absolute inset-0 size-full"
        />
      ) : (
        <Skeleton className="absolute inset-0 h-full" />
      )}
    </div>
  )
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
