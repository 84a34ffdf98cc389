/** What the folder that an archive of yours is made from asks of you, and what you can answer. */
import { FolderSearch, Hourglass } from 'lucide-react'
import { type ReactElement, type ReactNode, useEffect, useState } from 'react'
import { assertNever, type SerializedError } from '../../../preload/contract/errors.ts'
import type { ArchiveRow, Difference } from '../../../preload/contract/models.ts'
import { backend } from '../../backend.ts'
import { explain, explainSerialized } from '../../errors.ts'
import { moveSource } from '../../stores/commands.ts'
import { attempt } from '../../stores/toasts.ts'
import { Banner } from '../../ui/banner.tsx'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { FileName } from '../../ui/file-name.tsx'
import { count, number } from '../../ui/format.ts'
import { MessageField, said } from '../../ui/message-field.tsx'
import { plainName } from '../../ui/names.ts'
import { SkeletonRows } from '../../ui/skeleton.tsx'

export function SourceBanner({
  row,
  share,
}: {
  readonly row: ArchiveRow
  readonly share: ReactNode
}): ReactElement | null {
  const state = row.source?.state
  if (state === undefined) return null
  switch (state.name) {
    case 'watching':
    case 'waiting':
      return null
    case 'importing':
      return (
        <Banner tone="plain" icon={<Hourglass size={16} />} title="Being added">
          {share}
        </Banner>
      )
    case 'paused':
      return (
        <Banner
          tone="warn"
          title="Paused: changes in its folder are not published"
          actions={
            <Button size="small" onClick={() => attempt(() => backend.publish.pause({ key: row.id, paused: false }))}>
              Go on
            </Button>
          }
        />
      )
    case 'missing':
      return (
        <Banner
          tone="warn"
          title="Its folder is not there"
          actions={
            <Button
              size="small"
              icon={<FolderSearch size={14} aria-hidden />}
              onClick={() => moveSource(row, sourceOf(row, state.path))}
            >
              Choose where it is now…
            </Button>
          }
        >
          {plainName(state.path)} was moved, unmounted or cannot be read. Nothing is removed from the archive; when the
          folder is back, it goes on.
        </Banner>
      )
    case 'asks-removal':
      return <AsksRemoval row={row} removals={state.removals} of={state.of} />
    case 'failed':
      return <SourceFailed row={row} error={state.error} />
    default:
      return assertNever(state)
  }
}

function SourceFailed({ row, error }: { readonly row: ArchiveRow; readonly error: SerializedError }): ReactElement {
  const said = explainSerialized(error)
  return (
    <Banner
      tone="bad"
      title={said?.title ?? 'Publishing stopped'}
      actions={
        <Button size="small" onClick={() => attempt(() => backend.publish.pause({ key: row.id, paused: false }))}>
          Try again
        </Button>
      }
    >
      {said?.text} {said?.next}
    </Banner>
  )
}

/** Which of the things that it is made from holds a path. */
const sourceOf = ({ source }: ArchiveRow, path: string): string =>
  source?.paths.find(one => path === one || path.startsWith(`${one}/`) || path.startsWith(`${one}\\`)) ?? path

type AsksRemovalProps = { readonly row: ArchiveRow; readonly removals: number; readonly of: number }

function AsksRemoval({ row, removals, of }: AsksRemovalProps): ReactElement {
  const [showing, setShowing] = useState(false)
  const answer = (remove: boolean, message = '') =>
    attempt(() => backend.publish.answerRemoval({ key: row.id, remove, ...said(message) }))
  return (
    <Banner
      tone="warn"
      title={`${number(removals)} of ${count(of, 'file')} are gone from its folder`}
      actions={
        <>
          <Button size="small" onClick={() => setShowing(true)}>
            Show which…
          </Button>
          <Button size="small" kind="danger" onClick={() => answer(true)}>
            Remove them from the archive
          </Button>
          <Button size="small" onClick={() => answer(false)}>
            Leave them in it
          </Button>
        </>
      }
    >
      Nothing is removed for your friends until you answer. If you leave them, the folder is paused until you go on.
      {showing && (
        <Gone
          row={row}
          onClose={() => setShowing(false)}
          onAnswer={(remove, message) => {
            setShowing(false)
            answer(remove, message)
          }}
        />
      )}
    </Banner>
  )
}

/** What the archive has and its folder has not. */
function Gone({
  row,
  onClose,
  onAnswer,
}: {
  readonly row: ArchiveRow
  readonly onClose: () => void
  readonly onAnswer: (remove: boolean, message: string) => void
}): ReactElement {
  const [message, setMessage] = useState('')
  const [gone, setGone] = useState<Difference | null>(null)
  const [error, setError] = useState<unknown>(null)
  useEffect(() => {
    const stop = new AbortController()
    const look = async () => {
      const decided = await backend.publish.rules({ key: row.id }, { signal: stop.signal })
      const { leaving } = await backend.publish.reviewRules({ key: row.id, ...decided }, { signal: stop.signal })
      setGone(leaving)
    }
    look().catch((failed: unknown) => !stop.signal.aborted && setError(failed))
    return () => stop.abort()
  }, [row.id])
  const problem = error === null ? null : explain(error)
  return (
    <Dialog
      open
      onClose={onClose}
      title="Gone from its folder"
      description="They are in the archive still, and would be in its earlier versions afterwards."
      actions={
        <>
          <Button onClick={onClose}>Close</Button>
          <Button onClick={() => onAnswer(false, '')}>Leave them in it</Button>
          <Button kind="danger" onClick={() => onAnswer(true, message)}>
            Remove them from the archive
          </Button>
        </>
      }
    >
      {problem !== null ? (
        <p className="text-bad">
          {problem.title}. {problem.text} {problem.next}
        </p>
      ) : gone === null ? (
        <SkeletonRows />
      ) : (
        <ul aria-label="Files that are gone" className="flex flex-col">
          {gone.paths.map(path => (
            <li key={path} className="flex min-w-0 py-0.5">
              <FileName name={path.slice(1)} />
            </li>
          ))}
          {gone.files > gone.paths.length && (
            <li className="py-1 text-muted">and {number(gone.files - gone.paths.length)} more</li>
          )}
        </ul>
      )}
      <div className="mt-4">
        <MessageField label="Why? (optional)" value={message} onValue={setMessage} />
      </div>
    </Dialog>
  )
}
