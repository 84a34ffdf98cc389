/** What is published of an archive that follows a folder: the sheet once more, for the archive as it is and as it would be. */
import { type ReactElement, useEffect, useState } from 'react'
import type { ArchiveRow, Difference, RulesReview, SourceRules } from '../../../preload/contract/models.ts'
import { backend } from '../../backend.ts'
import { explain } from '../../errors.ts'
import { titleOf, useArchive } from '../../stores/mirrors.ts'
import { attempt, toast } from '../../stores/toasts.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { FileName } from '../../ui/file-name.tsx'
import { bytes, count, number } from '../../ui/format.ts'
import { MessageField, said } from '../../ui/message-field.tsx'
import { plainName } from '../../ui/names.ts'
import { SkeletonRows } from '../../ui/skeleton.tsx'
import { excludePaths } from './decisions.ts'
import { Fold, Rows, shown } from './lists.tsx'
import { Rules } from './rules.tsx'
import { publishing, usePublishing } from './store.ts'
import { Suspicious } from './suspicious.tsx'

export function RulesDialog(): ReactElement | null {
  const key = usePublishing(state => state.rulesOf)
  const row = useArchive(key ?? '')
  return row === undefined ? null : <RulesOf key={row.id} row={row} />
}

type Looking = {
  readonly review: RulesReview | null
  /** What is shown is of other decisions. */
  readonly counting: boolean
  readonly error: unknown
}

/** Counts again with every decision; the last one counts. */
function useReview(key: string, wanted: SourceRules | null): Looking {
  const [looking, setLooking] = useState<Looking>({ review: null, counting: true, error: null })
  useEffect(() => {
    if (wanted === null) return
    const stop = new AbortController()
    setLooking(before => ({ ...before, counting: true, error: null }))
    backend.publish.reviewRules({ key, ...wanted }, { signal: stop.signal }).then(
      review => !stop.signal.aborted && setLooking({ review, counting: false, error: null }),
      (error: unknown) => !stop.signal.aborted && setLooking(before => ({ ...before, counting: false, error })),
    )
    return () => stop.abort()
  }, [key, wanted])
  return looking
}

function RulesOf({ row }: { readonly row: ArchiveRow }): ReactElement {
  const [saved, setSaved] = useState<SourceRules | null>(null)
  const [wanted, setWanted] = useState<SourceRules | null>(null)
  const [failed, setFailed] = useState<unknown>(null)
  const [busy, setBusy] = useState(false)
  const [message, setMessage] = useState('')
  useEffect(() => {
    backend.publish.rules({ key: row.id }).then(rules => {
      setSaved(rules)
      setWanted(rules)
    }, setFailed)
  }, [row.id])
  const { review, counting, error } = useReview(row.id, wanted)
  const changed = saved !== null && wanted !== null && !sameRules(saved, wanted)
  const title = plainName(titleOf(row))
  const close = () => publishing.showRules(null)
  const apply = () => {
    if (wanted === null || review === null || counting) return
    setBusy(true)
    attempt(async () => {
      try {
        await backend.publish.changeRules({ key: row.id, ...wanted, leaving: review.leaving.files, ...said(message) })
        close()
        toast.done({ title: `What is published of ${title} has changed`, text: sayDifference(review) })
      } finally {
        setBusy(false)
      }
    })
  }
  const wrong = failed ?? error
  const problem = wrong === null ? null : explain(wrong)
  return (
    <Dialog
      open
      onClose={close}
      title={`What is published of ${title}`}
      description={row.source?.paths.map(path => plainName(path)).join(', ')}
      actions={
        <>
          {review !== null && (
            <div className="flex basis-full flex-col gap-1 pb-1 text-sm text-pretty" role="status">
              <p className={counting ? 'text-muted' : 'font-medium'}>
                {counting ? 'Counting again…' : sayDifference(review)}
              </p>
              <p className="text-muted">
                Older versions keep what leaves, and so do the copies that others have: nothing that was published can
                be recalled.
              </p>
            </div>
          )}
          <Button onClick={close}>{changed ? 'Cancel' : 'Close'}</Button>
          <Button kind="primary" disabled={!changed || counting || busy || review === null} onClick={apply}>
            Apply
          </Button>
        </>
      }
    >
      {problem !== null && (
        <p className="mb-3 text-bad">
          {problem.title}. {problem.text} {problem.next}
        </p>
      )}
      {wanted === null || review === null ? (
        problem === null && <SkeletonRows />
      ) : (
        <div className="flex flex-col gap-4" aria-busy={counting}>
          <Totals review={review} wanted={wanted} />
          <Suspicious
            suspicious={review.suspicious}
            checked={wanted.includeSuspicious}
            onChecked={includeSuspicious => setWanted({ ...wanted, includeSuspicious })}
          />
          <div className="flex flex-col">
            <Leaving title="Leave the next version" difference={review.leaving} />
            <Leaving title="Come into the next version" difference={review.coming} />
            <Rules counted={review} decisions={wanted} onDecide={setWanted} open />
            <Largest review={review} onLeaveOut={path => setWanted(excludePaths(wanted, [path]))} />
            {review.skippedCount > 0 && (
              <Fold title={`${number(review.skippedCount)} cannot be published`}>
                <Rows
                  label="What cannot be published"
                  rows={review.skipped.map(file => ({ path: file.path, note: file.detail }))}
                  total={review.skippedCount}
                />
              </Fold>
            )}
          </div>
          {changed && <MessageField value={message} onValue={setMessage} />}
        </div>
      )}
    </Dialog>
  )
}

function Totals({ review, wanted }: { readonly review: RulesReview; readonly wanted: SourceRules }): ReactElement {
  const out = wanted.includeSuspicious ? [] : review.suspicious
  const size = review.bytes - out.reduce((sum, file) => sum + file.size, 0)
  return (
    <div>
      <p className="text-xl font-semibold tabular">
        {count(Math.max(0, review.files - out.length), 'file')}
        <span className="font-normal text-muted">, </span>
        {bytes(size)}
      </p>
      {review.links > 0 && <p className="text-muted">and {count(review.links, 'symbolic link')}</p>}
    </div>
  )
}

function Leaving({
  title,
  difference,
}: {
  readonly title: string
  readonly difference: Difference
}): ReactElement | null {
  if (difference.files === 0) return null
  return (
    <Fold title={`${title}: ${count(difference.files, 'file')}, ${bytes(difference.bytes)}`}>
      <Rows label={title} rows={difference.paths.map(path => ({ path, note: '' }))} total={difference.files} />
    </Fold>
  )
}

function Largest({
  review,
  onLeaveOut,
}: {
  readonly review: RulesReview
  readonly onLeaveOut: (path: string) => void
}): ReactElement | null {
  if (review.largest.length === 0) return null
  return (
    <Fold title="The largest files">
      <ul className="flex flex-col gap-1">
        {review.largest.map(file => (
          <li key={file.path} className="flex min-w-0 items-center gap-3">
            <FileName name={shown(file.path)} className="flex-1" />
            <span className="shrink-0 text-sm text-muted tabular">{bytes(file.size)}</span>
            <Button
              size="small"
              aria-label={`Leave out ${plainName(shown(file.path))}`}
              onClick={() => onLeaveOut(file.path)}
            >
              Leave out
            </Button>
          </li>
        ))}
      </ul>
    </Fold>
  )
}

function sayDifference({ leaving, coming }: RulesReview): string {
  const parts = [
    leaving.files === 0 ? '' : `${count(leaving.files, 'file')} will leave the next version`,
    coming.files === 0 ? '' : `${count(coming.files, 'file')} will come in`,
  ].filter(Boolean)
  return parts.length === 0 ? 'Everything that these rules let pass is published.' : `${parts.join(', ')}.`
}

const sameRules = (a: SourceRules, b: SourceRules) =>
  a.rules === b.rules && a.includeSuspicious === b.includeSuspicious && a.exclude.join('\n') === b.exclude.join('\n')
