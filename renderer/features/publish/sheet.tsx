/** The sheet of what becomes public: shown before a single byte is imported, because bytes in an archive cannot be recalled. */
import { EyeOff, ShieldAlert } from 'lucide-react'
import { type ReactElement, type ReactNode, useId, useRef, useState } from 'react'
import type { PublishReview } from '../../../preload/contract/models.ts'
import { useArchive, useSettings, titleOf } from '../../stores/mirrors.ts'
import { Button } from '../../ui/button.tsx'
import { cx } from '../../ui/class-names.ts'
import { Dialog } from '../../ui/dialog.tsx'
import { Checkbox, TextField } from '../../ui/field.tsx'
import { FileName } from '../../ui/file-name.tsx'
import { bytes, count, number } from '../../ui/format.ts'
import { plainName } from '../../ui/names.ts'
import { bytesPublic, type Choices, countPublic } from './choices.ts'
import { type Source, surface, usePublishing } from './store.ts'

export function Sheet(): ReactElement | null {
  const step = usePublishing(state => state.step)
  if (step.name !== 'sheet' && step.name !== 'starting') return null
  return <ReviewSheet key={step.review.id} review={step.review} source={step.source} busy={step.name === 'starting'} />
}

type ReviewSheetProps = { readonly review: PublishReview; readonly source: Source; readonly busy: boolean }

function ReviewSheet({ review, source, busy }: ReviewSheetProps): ReactElement {
  const into = usePublishing(state => state.into)
  const target = useArchive(into?.key ?? '')
  const form = useId()
  const titleField = useRef<HTMLInputElement>(null)
  const [choices, setChoices] = useState<Choices>({
    title: into !== null && target !== undefined ? titleOf(target) : review.title,
    private: false,
    includeSuspicious: false,
    exclude: new Set(),
  })
  const decide = (change: Partial<Choices>) => setChoices(before => ({ ...before, ...change }))
  const title = choices.title.trim()
  const files = countPublic(review, choices)
  const crowded = review.roomNeeded > review.roomFree
  const nothing = files + review.links === 0
  const adding = into !== null

  return (
    <Dialog
      open
      locked={busy}
      onClose={surface.cancel}
      title={adding ? `Add to ${plainName(choices.title)}` : 'Look at what becomes public'}
      description={audience(adding ? target?.private === true : choices.private)}
      initialFocus={adding ? undefined : titleField}
      actions={
        <>
          <Remarks adding={adding} />
          <Button onClick={surface.cancel} disabled={busy}>
            Cancel
          </Button>
          <Button type="submit" form={form} kind="primary" disabled={busy || crowded || nothing || title === ''}>
            {busy ? 'Publishing…' : adding ? 'Add' : 'Publish'}
          </Button>
        </>
      }
    >
      <form
        id={form}
        className="flex flex-col gap-4"
        onSubmit={event => {
          event.preventDefault()
          if (!crowded && !nothing && title !== '') surface.publish({ ...choices, title })
        }}
      >
        {!adding && (
          <TextField
            label="Title"
            ref={titleField}
            onFocus={event => event.currentTarget.select()}
            value={choices.title}
            onValue={title => decide({ title })}
            maxLength={200}
            autoComplete="off"
            error={title === '' ? 'Give it a title: it is the first thing that your friends see.' : null}
          />
        )}
        {!adding && (
          <Checkbox
            label="Private"
            hint="Only people with the whole link can read it. Without the tick, whoever learns its public key can."
            checked={choices.private}
            onChecked={isPrivate => decide({ private: isPrivate })}
          />
        )}
        <Totals review={review} files={files} choices={choices} source={source} crowded={crowded} nothing={nothing} />
        <Suspicious
          review={review}
          checked={choices.includeSuspicious}
          onChecked={includeSuspicious => decide({ includeSuspicious })}
        />
        <div className="flex flex-col">
          <Largest review={review} exclude={choices.exclude} onExclude={exclude => decide({ exclude })} />
          <LeftOut review={review} source={source} />
        </div>
      </form>
    </Dialog>
  )
}

const audience = (isPrivate: boolean) =>
  isPrivate
    ? 'Everybody who gets the whole link will be able to read this.'
    : 'Everybody who gets the link will be able to read this.'

type TotalsProps = {
  readonly review: PublishReview
  readonly files: number
  readonly choices: Choices
  readonly source: Source
  readonly crowded: boolean
  readonly nothing: boolean
}

function Totals({ review, files, choices, source, crowded, nothing }: TotalsProps): ReactElement {
  const room = `${bytes(review.roomNeeded)} of room on this machine${source.how === 'paths' ? ', beside the files themselves' : ''}`
  return (
    <div>
      <p className="text-xl font-semibold tabular">
        {count(files, 'file')}
        <span className="text-muted font-normal">, </span>
        {bytes(bytesPublic(review, choices))}
      </p>
      {review.links > 0 && <p className="text-muted">and {count(review.links, 'symbolic link')}</p>}
      {nothing && <p className="text-bad">Nothing is left to publish.</p>}
      <p className={crowded ? 'text-bad' : 'text-muted'}>
        {crowded
          ? `This needs ${room}, and only ${bytes(review.roomFree)} are free. Make room first.`
          : `Takes ${room}; ${bytes(review.roomFree)} are free.`}
      </p>
    </div>
  )
}

type SuspiciousProps = {
  readonly review: PublishReview
  readonly checked: boolean
  readonly onChecked: (checked: boolean) => void
}

function Suspicious({ review, checked, onChecked }: SuspiciousProps): ReactElement | null {
  const { suspicious } = review
  if (suspicious.length === 0) return null
  return (
    <section aria-label="What looks private" className="rounded-lg bg-warn-soft p-3">
      <h3 className="flex items-center gap-2 font-medium text-warn">
        <ShieldAlert size={16} aria-hidden className="shrink-0" />
        {suspicious.length === 1 ? 'One file looks private' : `${number(suspicious.length)} files look private`}
        {checked ? ' and will be published' : suspicious.length === 1 ? ' and stays out' : ' and stay out'}
      </h3>
      <Rows
        label="Files that look private"
        rows={suspicious.map(file => ({ path: file.path, note: file.why }))}
        total={suspicious.length}
        className="mt-2 mb-3"
      />
      <Checkbox label="Publish these too" checked={checked} onChecked={onChecked} />
    </section>
  )
}

type LargestProps = {
  readonly review: PublishReview
  readonly exclude: ReadonlySet<string>
  readonly onExclude: (exclude: ReadonlySet<string>) => void
}

function Largest({ review: { suspicious, ...review }, exclude, onExclude }: LargestProps): ReactElement | null {
  // What looks private has its own list, and its own answer.
  const largest = review.largest.filter(file => suspicious.every(({ path }) => path !== file.path))
  if (largest.length === 0) return null
  const toggle = (path: string, included: boolean) => {
    const next = new Set(exclude)
    if (included) next.delete(path)
    else next.add(path)
    onExclude(next)
  }
  return (
    <Fold title={review.files - suspicious.length > largest.length ? 'The largest files' : 'The files'} open>
      <ul className="flex flex-col gap-1">
        {largest.map(file => (
          <li key={file.path} className="flex min-w-0 items-baseline gap-3">
            <div className="min-w-0 flex-1">
              <Checkbox
                checked={!exclude.has(file.path)}
                onChecked={included => toggle(file.path, included)}
                label={
                  <FileName
                    name={shown(file.path)}
                    className={cx(exclude.has(file.path) && 'text-muted line-through')}
                  />
                }
              />
            </div>
            <span className="shrink-0 text-sm text-muted tabular">{bytes(file.size)}</span>
          </li>
        ))}
      </ul>
    </Fold>
  )
}

function LeftOut({ review, source }: { readonly review: PublishReview; readonly source: Source }): ReactElement {
  const unreadable = source.how === 'dropped' ? source.dropped.unreadable : []
  const skipped = [
    ...review.skipped.map(file => ({ path: file.path, note: file.detail })),
    ...unreadable.map(file => ({ path: file.path, note: file.why })),
  ]
  const skippedCount = review.skippedCount + unreadable.length
  return (
    <>
      {review.ignoredCount > 0 && (
        <Fold title={`${number(review.ignoredCount)} left out by rules`} icon={<EyeOff size={14} />}>
          <Rows
            label="Left out by rules"
            rows={review.ignored.map(file => ({ path: file.path, note: file.rule, code: true }))}
            total={review.ignoredCount}
          />
        </Fold>
      )}
      {skippedCount > 0 && (
        <Fold title={`${number(skippedCount)} cannot be published`}>
          <Rows label="What cannot be published" rows={skipped} total={skippedCount} />
        </Fold>
      )}
    </>
  )
}

/** Beside the button that they are about, so that nobody has to scroll to them. */
function Remarks({ adding }: { readonly adding: boolean }): ReactElement {
  const consented = useSettings()?.consented === true
  return (
    <div className="flex basis-full flex-col gap-1.5 pb-1 text-sm text-muted text-pretty">
      <p>
        What is published cannot be recalled: you can stop sharing it, but copies that others have made stay with them.
      </p>
      {!consented && (
        <p className="text-ink">
          Cairn connects you to others directly, so whoever looks for {adding ? 'this archive' : 'it'} can see this
          machine’s IP address. By going on you agree to that.
        </p>
      )}
    </div>
  )
}

type FoldProps = {
  readonly title: string
  readonly icon?: ReactNode
  readonly open?: boolean
  readonly children: ReactNode
}

function Fold({ title, icon, open = false, children }: FoldProps): ReactElement {
  return (
    <details open={open} className="group border-t border-line py-1 last:border-b">
      <summary className="flex min-h-7 items-center gap-2 rounded-md font-medium select-none">
        <span aria-hidden className="text-muted transition-transform duration-100 group-open:rotate-90">
          ›
        </span>
        {title}
        {icon && (
          <span aria-hidden className="text-muted">
            {icon}
          </span>
        )}
      </summary>
      <div className="pt-1 pb-2 pl-4">{children}</div>
    </details>
  )
}

type Row = { readonly path: string; readonly note: string; readonly code?: boolean }
const ROWS = 200

type RowsProps = {
  readonly label: string
  readonly rows: readonly Row[]
  readonly total: number
  readonly className?: string
}

/** Paths with a remark each. Long lists scroll in a box of their own, which the keyboard reaches. */
export function Rows({ label, rows, total, className }: RowsProps): ReactElement {
  const some = rows.slice(0, ROWS)
  const more = total - some.length
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reached by the keyboard
    <div tabIndex={0} role="group" aria-label={label} className={cx('max-h-36 overflow-y-auto rounded-md', className)}>
      <ul>
        {some.map((row, index) => (
          <li key={`${index} ${row.path}`} className="flex min-w-0 flex-wrap items-baseline gap-x-3 py-0.5">
            <FileName name={shown(row.path)} className="flex-1 basis-40" />
            <span className={cx('max-w-full text-sm text-muted [overflow-wrap:anywhere]', row.code && 'font-mono')}>
              {row.note}
            </span>
          </li>
        ))}
      </ul>
      {more > 0 && <p className="py-1 text-muted">and {number(more)} more</p>}
    </div>
  )
}

const shown = (path: string) => path.replace(/^\//, '')
