/** Which updates of a kept archive are taken without asking. Takes effect at once. */
import { type ReactElement, useState } from 'react'
import type { ArchiveRow } from '../../../preload/contract/models.ts'
import { backend } from '../../backend.ts'
import { setNotify } from '../../stores/commands.ts'
import { titleOf, useArchive } from '../../stores/mirrors.ts'
import { attempt } from '../../stores/toasts.ts'
import { ui, useUi } from '../../stores/ui.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { Switch } from '../../ui/field.tsx'
import { plainName } from '../../ui/names.ts'
import { GigabytesField } from './gigabytes.tsx'

/** Where a limit begins that was switched on. */
const USUAL = 5_000_000_000

export function UpdatesDialog(): ReactElement | null {
  const shown = useUi(state => (state.keeping?.name === 'updates' ? state.keeping.key : null))
  const row = useArchive(shown ?? '')
  return row === undefined ? null : <Updates key={row.id} row={row} />
}

function Updates({ row }: { readonly row: ArchiveRow }): ReactElement {
  const { askFirst, growth } = row.updates
  const [usual] = useState(growth ?? USUAL)
  const set = (change: { readonly askFirst?: boolean; readonly growth?: number | null }) =>
    attempt(() => backend.archives.setUpdates({ key: row.id, ...change }))
  const close = () => ui.showKeeping(null)
  return (
    <Dialog
      open
      onClose={close}
      title={`Updates of ${plainName(titleOf(row))}`}
      description="What is kept follows the archive by itself. An update that removes or overwrites more than half of it, or more than 1,000 files, always asks you first."
      actions={<Button onClick={close}>Close</Button>}
    >
      <div className="flex flex-col gap-5">
        <Switch
          label="Ask me first"
          hint="No update is taken before you say so."
          checked={askFirst}
          onChecked={checked => set({ askFirst: checked })}
        />
        <Switch
          label="Ask me when it grows a lot"
          hint="Counted from what you agreed to last."
          checked={growth !== null}
          onChecked={checked => set({ growth: checked ? usual : null })}
        />
        {growth !== null && (
          <GigabytesField
            label="It may grow without asking by"
            value={growth}
            onValue={value => set({ growth: value })}
          />
        )}
        <Switch
          label="Notify me of its changes"
          hint="While this window is not in front. The settings switch notifications off for all archives."
          checked={row.notify}
          onChecked={checked => setNotify(row, checked)}
        />
      </div>
    </Dialog>
  )
}
