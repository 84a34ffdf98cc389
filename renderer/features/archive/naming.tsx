/** What a version is called: "v1.0", "as sent to the printer". */
import { type ReactElement, useRef, useState } from 'react'
import type { ArchiveRow } from '../../../preload/contract/models.ts'
import { useArchive } from '../../stores/mirrors.ts'
import { nameVersion, useNames } from '../../stores/names.ts'
import { ui, useUi } from '../../stores/ui.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { TextField } from '../../ui/field.tsx'
import { number } from '../../ui/format.ts'

export function NamingDialog(): ReactElement | null {
  const naming = useUi(state => state.naming)
  const row = useArchive(naming?.key ?? '')
  if (naming === null || row === undefined) return null
  return <Naming key={`${naming.key} ${naming.version}`} row={row} version={naming.version} />
}

const LONGEST = 200

function Naming({ row, version }: { readonly row: ArchiveRow; readonly version: number }): ReactElement {
  const before = useNames(row).find(one => one.version === version)?.name ?? ''
  const [name, setName] = useState(before)
  const field = useRef<HTMLInputElement>(null)
  const close = () => ui.showNaming(null)
  const save = () => {
    const wanted = name.trim()
    if (wanted === '') return
    if (wanted !== before) nameVersion(row, version, wanted)
    close()
  }
  return (
    <Dialog
      open
      onClose={close}
      title={`Name version ${number(version)}`}
      size="small"
      initialFocus={field}
      actions={
        <>
          {before !== '' && (
            <Button
              onClick={() => {
                nameVersion(row, version, null)
                close()
              }}
            >
              Remove the name
            </Button>
          )}
          <span className="flex-1" />
          <Button onClick={close}>Cancel</Button>
          <Button kind="primary" disabled={name.trim() === ''} onClick={save}>
            Save
          </Button>
        </>
      }
    >
      <form
        onSubmit={event => {
          event.preventDefault()
          save()
        }}
      >
        <TextField
          ref={field}
          label="Name"
          value={name}
          onValue={setName}
          maxLength={LONGEST}
          placeholder="v1.0, or: as sent to the printer"
          hint={
            row.ownership === 'yours'
              ? 'Everybody who has the link sees it.'
              : 'Only you see it: the archive is not yours.'
          }
          autoComplete="off"
        />
      </form>
    </Dialog>
  )
}
