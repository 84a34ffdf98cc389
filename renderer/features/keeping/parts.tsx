/** Which parts of a friend's archive are kept: one pattern a line, in the syntax of gitignore. */
import { type ReactElement, useState } from 'react'
import type { ArchiveRow } from '../../../preload/contract/models.ts'
import { backend } from '../../backend.ts'
import { titleOf, useArchive } from '../../stores/mirrors.ts'
import { attempt, toast } from '../../stores/toasts.ts'
import { ui, useUi } from '../../stores/ui.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { TextField } from '../../ui/field.tsx'
import { plainName } from '../../ui/names.ts'

export function PartsDialog(): ReactElement | null {
  const shown = useUi(state => (state.keeping?.name === 'parts' ? state.keeping.key : null))
  const row = useArchive(shown ?? '')
  return row === undefined ? null : <Parts key={row.id} row={row} />
}

const close = () => ui.showKeeping(null)

function Parts({ row }: { readonly row: ArchiveRow }): ReactElement {
  const [text, setText] = useState(row.keeping.how === 'parts' ? row.keeping.patterns.join('\n') : '')
  const patterns = text.split('\n').filter(line => line.trim() !== '')
  const title = plainName(titleOf(row))
  const apply = () =>
    attempt(async () => {
      await backend.archives.keepParts({ key: row.id, patterns })
      close()
      toast.done({
        title: `Keeping parts of ${title}`,
        text: 'They are fetched, now and when they change, and served on to others.',
      })
    })
  return (
    <Dialog
      open
      onClose={close}
      title={`Keep parts of ${title}`}
      description="What matches is held here, in later versions too, and served on to others. Everything else is fetched when you look at it."
      actions={
        <>
          <Button onClick={close}>Cancel</Button>
          <Button kind="primary" disabled={patterns.length === 0} onClick={apply}>
            Keep these
          </Button>
        </>
      }
    >
      <TextField
        label="Folders, files and patterns, one a line"
        hint="/photos/ is that folder, *.mp3 every file of that kind, !/photos/raw/ takes out again. In the list of files, “Keep it here” adds what you have chosen."
        lines={8}
        spellCheck={false}
        className="font-mono"
        value={text}
        onValue={setText}
      />
    </Dialog>
  )
}
