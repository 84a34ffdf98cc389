/** One changeset of the timeline, and what can be done with its version. */
import { ChevronRight, Clock, MessageSquare, Pin, RotateCcw, Tag } from 'lucide-react'
import { type ReactElement, useState } from 'react'
import type { ArchiveRow, Changeset } from '../../../preload/contract/models.ts'
import { copyPinnedLink, restore } from '../../stores/commands.ts'
import { useMessage } from '../../stores/names.ts'
import { ui } from '../../stores/ui.ts'
import { Badge } from '../../ui/badge.tsx'
import { Button } from '../../ui/button.tsx'
import { cx } from '../../ui/class-names.ts'
import { FileName } from '../../ui/file-name.tsx'
import { bytes, clock, count, day, exactly, number } from '../../ui/format.ts'
import { ChangedFiles } from './changed-files.tsx'
import { counts } from './counts.ts'
import { DescribeDialog, describingWords, Message, oneLine } from './describing.tsx'
import { NameBadge, namingWords } from './named.tsx'

type ChangesetsProps = {
  readonly row: ArchiveRow
  readonly changesets: readonly Changeset[]
  readonly withDay?: boolean
}

export function Changesets({ row, changesets, withDay = false }: ChangesetsProps): ReactElement {
  return (
    <ol className="flex flex-col">
      {changesets.map(changeset => (
        <One key={changeset.length} row={row} changeset={changeset} withDay={withDay} />
      ))}
    </ol>
  )
}

function One({
  row,
  changeset,
  withDay,
}: {
  readonly row: ArchiveRow
  readonly changeset: Changeset
  readonly withDay: boolean
}): ReactElement {
  const [open, setOpen] = useState(false)
  const [describing, setDescribing] = useState(false)
  const { time } = changeset
  const message = useMessage(row, changeset)
  const line = oneLine(message)
  const said = counts(changeset)
  const text =
    changeset.naming !== null
      ? namingWords(changeset.naming)
      : changeset.describing !== null
        ? describingWords(changeset.describing)
        : isFirst(changeset)
          ? `Published ${count(changeset.added, 'file')}`
          : said.length > 0
            ? `${changeset.more ? 'More than ' : ''}${said.join(', ')}`
            : changeset.bytes > 0
              ? 'Content only'
              : changeset.from === 0
                ? 'The archive was made'
                : 'Details of the archive changed'
  const panel = `changeset-${changeset.length}`
  return (
    <li className={cx('rounded-lg', open && 'my-1 border border-line bg-surface shadow-card')}>
      <button
        type="button"
        aria-expanded={open}
        aria-controls={open ? panel : undefined}
        onClick={() => setOpen(!open)}
        className="flex min-h-10 w-full items-center gap-3 rounded-lg px-3 py-1.5 text-left [contain-intrinsic-height:auto_2.5rem] [content-visibility:auto] hover:bg-hover"
      >
        <ChevronRight
          size={14}
          aria-hidden
          className={cx('shrink-0 text-muted transition-transform duration-150', open && 'rotate-90')}
        />
        <span
          className={cx('tabular shrink-0 text-muted', withDay ? 'min-w-24' : 'min-w-14')}
          title={time === null ? undefined : exactly(time)}
        >
          {time === null ? 'no time' : withDay ? `${day(time).split(',')[0]} ${clock(time)}` : clock(time)}
        </span>
        <span className="min-w-0 flex-1">
          <span className="flex flex-wrap items-center gap-x-2 gap-y-0.5">
            {line !== '' && (
              <span className="max-w-full font-medium">
                <FileName name={line} cut="end" />
              </span>
            )}
            <span className={line === '' ? '' : 'text-muted'}>{text}</span>
            {changeset.bytes > 0 && <span className="tabular text-muted">{bytes(changeset.bytes)} new</span>}
            <NameBadge row={row} version={changeset.length} />
            {changeset.partial && (
              <Badge>
                {row.stillBeingAdded && row.length === changeset.length ? 'still being added' : 'not all of it'}
              </Badge>
            )}
          </span>
        </span>
        <span className="tabular shrink-0 text-sm text-muted max-narrow:hidden">
          {changeset.source === 'inferred' && changeset.length - changeset.from > 1
            ? `versions ${number(changeset.from + 1)}–${number(changeset.length)}`
            : `version ${number(changeset.length)}`}
        </span>
      </button>
      {open && (
        <div id={panel} className="border-t border-line px-3 pt-2 pb-3">
          <Message text={changeset.describing?.message ?? message} said={changeset.describing === null} />
          <div className="mb-2 flex flex-wrap gap-1.5">
            <Button
              size="small"
              icon={<Clock size={12} aria-hidden />}
              onClick={() => ui.openArchive(row.id, '/', changeset.length)}
            >
              Browse as of then
            </Button>
            <Button
              size="small"
              icon={<Pin size={12} aria-hidden />}
              onClick={() => copyPinnedLink(row.id, changeset.length)}
            >
              Copy link to this version
            </Button>
            <Button
              size="small"
              icon={<Tag size={12} aria-hidden />}
              onClick={() => ui.showNaming({ key: row.id, version: changeset.length })}
            >
              Name it…
            </Button>
            {row.ownership === 'yours' && (
              <Button size="small" icon={<MessageSquare size={12} aria-hidden />} onClick={() => setDescribing(true)}>
                Describe it…
              </Button>
            )}
            {row.ownership === 'yours' && changeset.length < row.length && (
              <Button
                size="small"
                icon={<RotateCcw size={12} aria-hidden />}
                onClick={() =>
                  restore(row, {
                    parts: [{ version: changeset.length, paths: ['/'] }],
                    name: `version ${number(changeset.length)}`,
                    folders: true,
                  })
                }
              >
                Restore…
              </Button>
            )}
            {changeset.source === 'inferred' && (
              <span className="self-center text-sm text-muted">
                Read from the log; its author’s program did not describe it.
              </span>
            )}
          </div>
          <ChangedFiles row={row} changeset={changeset} />
        </div>
      )}
      {describing && (
        <DescribeDialog row={row} version={changeset.length} before={message} onClose={() => setDescribing(false)} />
      )}
    </li>
  )
}

/** Made in parts out of nothing: a first import. */
const isFirst = ({ from, parts, added }: Changeset): boolean => from === 0 && parts > 1 && added > 0
