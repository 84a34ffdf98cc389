/** The sheet of what becomes public: shown before a single byte is imported, because bytes in an archive cannot be recalled. */
import { type ReactElement, useId, useRef, useState } from 'react'
import type { OnClash, PublishReview } from '../../../preload/contract/models.ts'
import { nameOf } from '../../stores/location.ts'
import { useArchive, useSettings, titleOf } from '../../stores/mirrors.ts'
import { Button } from '../../ui/button.tsx'
import { cx } from '../../ui/class-names.ts'
import { Dialog } from '../../ui/dialog.tsx'
import { Checkbox, Segmented, TextField } from '../../ui/field.tsx'
import { FileName } from '../../ui/file-name.tsx'
import { bytes, count, number } from '../../ui/format.ts'
import { MessageField } from '../../ui/message-field.tsx'
import { plainName } from '../../ui/names.ts'
import { bytesPublic, type Choices, countPublic, roomNeeded } from './choices.ts'
import { type Decisions, excludePaths } from './decisions.ts'
import { Fold, Rows, shown } from './lists.tsx'
import { Rules } from './rules.tsx'
import { type OpenSheet, type Source, surface, usePublishing } from './store.ts'
import { Suspicious } from './suspicious.tsx'

export function Sheet(): ReactElement | null {
  const step = usePublishing(state => state.step)
  if (step.name !== 'sheet' && step.name !== 'starting') return null
  return <ReviewSheet key={step.sheet.session} {...step.sheet} busy={step.name === 'starting'} />
}

type ReviewSheetProps = OpenSheet & { readonly busy: boolean }

function ReviewSheet({ review, source, decisions, counting, busy }: ReviewSheetProps): ReactElement {
  const into = usePublishing(state => state.into)
  const target = useArchive(into?.key ?? '')
  const form = useId()
  const titleField = useRef<HTMLInputElement>(null)
  const [choices, setChoices] = useState<Choices>({
    title: into !== null && target !== undefined ? titleOf(target) : review.title,
    message: '',
    private: false,
    includeSuspicious: false,
    exclude: new Set(),
    onClash: 'keep-both',
  })
  const decide = (change: Partial<Choices>) => setChoices(before => ({ ...before, ...change }))
  const title = choices.title.trim()
  const files = countPublic(review, choices)
  const crowded = roomNeeded(review, choices) > review.roomFree
  const nothing = files + review.links === 0
  const adding = into !== null
  const ready = !crowded && !nothing && title !== '' && !counting
  /** What was unticked so far is counted with the rest. */
  const recount = (next: Decisions) => {
    surface.recount(excludePaths(next, choices.exclude))
    decide({ exclude: new Set() })
  }

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
          <Button type="submit" form={form} kind="primary" disabled={busy || !ready}>
            {counting ? 'Counting…' : busy ? 'Publishing…' : adding ? 'Add' : 'Publish'}
          </Button>
        </>
      }
    >
      <form
        id={form}
        className="flex flex-col gap-4"
        onSubmit={event => {
          event.preventDefault()
          if (ready) surface.publish({ ...choices, title })
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
        <MessageField
          label={adding ? 'What is new? (optional)' : 'What is it? (optional)'}
          value={choices.message}
          onValue={message => decide({ message })}
        />
        {!adding && (
          <Checkbox
            label="Private"
            hint="The link ends in a secret, and only people with the whole link can read it. Without the tick, whoever learns the link can."
            checked={choices.private}
            onChecked={isPrivate => decide({ private: isPrivate })}
          />
        )}
        <Totals review={review} files={files} choices={choices} source={source} crowded={crowded} nothing={nothing} />
        <Clashes review={review} value={choices.onClash} onValue={onClash => decide({ onClash })} />
        <Suspicious
          suspicious={review.suspicious}
          checked={choices.includeSuspicious}
          onChecked={includeSuspicious => decide({ includeSuspicious })}
        />
        <div className="flex flex-col">
          <Largest review={review} exclude={choices.exclude} onExclude={exclude => decide({ exclude })} />
          {(review.files + review.ignoredCount > 1 || review.links > 0) && (
            <Rules counted={review} decisions={decisions} onDecide={recount} />
          )}
          <Skipped review={review} source={source} />
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
  const room = `${bytes(roomNeeded(review, choices))} of room on this machine${source.how === 'paths' ? ', beside the files themselves' : ''}`
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

function Skipped({ review, source }: { readonly review: PublishReview; readonly source: Source }): ReactElement | null {
  const unreadable = source.how === 'dropped' ? source.dropped.unreadable : []
  const skipped = [
    ...review.skipped.map(file => ({ path: file.path, note: file.detail })),
    ...unreadable.map(file => ({ path: file.path, note: file.why })),
  ]
  const skippedCount = review.skippedCount + unreadable.length
  if (skippedCount === 0) return null
  return (
    <Fold title={`${number(skippedCount)} cannot be published`}>
      <Rows label="What cannot be published" rows={skipped} total={skippedCount} />
    </Fold>
  )
}

type ClashesProps = {
  readonly review: PublishReview
  readonly value: OnClash
  readonly onValue: (value: OnClash) => void
}

/** Files of the archive that stand where one of these would go. */
function Clashes({ review: { clashes }, value, onValue }: ClashesProps): ReactElement | null {
  if (clashes.length === 0) return null
  return (
    <section aria-label="What is there already" className="rounded-lg bg-warn-soft p-3">
      <h3 className="font-medium text-warn">
        {clashes.length === 1
          ? 'A file of this name is there already'
          : `${number(clashes.length)} files are there already`}
      </h3>
      <Rows
        label="Files that are there already"
        rows={clashes.map(({ path, free }) => ({
          path,
          note: value === 'keep-both' ? `new one: ${nameOf(free)}` : '',
        }))}
        total={clashes.length}
        className="mt-2 mb-3"
      />
      <Segmented
        label="What becomes of them"
        value={value}
        onValue={onValue}
        options={[
          { value: 'keep-both', label: 'Keep both' },
          { value: 'replace', label: 'Replace' },
          { value: 'skip', label: 'Skip' },
        ]}
      />
      <p className="mt-2 text-sm text-muted">{CLASH_WORDS[value]}</p>
    </section>
  )
}

const CLASH_WORDS: Readonly<Record<OnClash, string>> = {
  'keep-both': 'The new ones get a number behind their name.',
  replace: 'The newest version has the new ones; earlier versions keep the old.',
  skip: 'What is there stays as it is, and the new ones are left out.',
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
