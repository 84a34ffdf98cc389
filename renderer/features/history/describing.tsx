/** What the author of an archive says of a version: in the list of changes, and where it is written afterwards. */
import { type ReactElement, useRef, useState } from 'react'
import type { ArchiveRow, Changeset } from '../../../preload/contract/models.ts'
import { describeVersion } from '../../stores/names.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { TextField } from '../../ui/field.tsx'
import { FileName } from '../../ui/file-name.tsx'
import { number } from '../../ui/format.ts'
import { LONGEST_MESSAGE } from '../../ui/message-field.tsx'

/** Lines that are shown of one; a hostile author may write nothing but lines. */
const LINES = 12

/** Characters of one line that are seen whole above it. */
const SEEN = 40

/** All of it, where its changeset is open and has not `said` it already. */
export function Message({ text, said }: { readonly text: string; readonly said: boolean }): ReactElement | null {
  const lines = linesOf(text)
  if (lines.length === 0 || (said && lines.length === 1 && text.length <= SEEN)) return null
  return (
    <div className="mb-2 max-w-prose">
      {lines.slice(0, LINES).map((line, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: lines of one text never move
        <p key={index}>
          <FileName name={line} whole />
        </p>
      ))}
      {lines.length > LINES && <p className="text-muted">and {number(lines.length - LINES)} more lines</p>}
    </div>
  )
}

const linesOf = (text: string): readonly string[] =>
  text
    .split(/\r\n?|\n/)
    .map(line => line.trim())
    .filter(line => line !== '')

export const oneLine = (text: string): string => linesOf(text).join(' ')

/** What a changeset did that only described a version; the words themselves are shown where it is opened. */
export const describingWords = ({ version, message }: NonNullable<Changeset['describing']>): string =>
  message === null ? `Version ${number(version)} is not described any more` : `Version ${number(version)} was described`

type DescribeDialogProps = {
  readonly row: ArchiveRow
  readonly version: number
  /** What is said of it now. */
  readonly before: string
  readonly onClose: () => void
}

export function DescribeDialog({ row, version, before, onClose }: DescribeDialogProps): ReactElement {
  const [text, setText] = useState(before)
  const field = useRef<HTMLInputElement>(null)
  const wanted = text.trim()
  const save = (message: string | null) => {
    if (message !== before) describeVersion(row, version, message)
    onClose()
  }
  return (
    <Dialog
      open
      onClose={onClose}
      title={`Describe version ${number(version)}`}
      size="small"
      initialFocus={field}
      actions={
        <>
          {before !== '' && <Button onClick={() => save(null)}>Remove it</Button>}
          <span className="flex-1" />
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" disabled={wanted === ''} onClick={() => save(wanted)}>
            Save
          </Button>
        </>
      }
    >
      <TextField
        ref={field}
        label="What is it?"
        lines={4}
        value={text}
        onValue={setText}
        maxLength={LONGEST_MESSAGE}
        placeholder="The pictures of Sunday, sorted"
        hint="Whoever has the link sees it among the changes. What stood there before stays in the archive."
        autoComplete="off"
      />
    </Dialog>
  )
}
