/** How an author ends a fork: which of what is here stays, and what is given up by it. */
import { type ReactElement, useState } from 'react'
import type { ArchiveRow, Rewritten } from '../../../preload/contract/models.ts'
import { backend } from '../../backend.ts'
import { titleOf } from '../../stores/mirrors.ts'
import { attempt, toast } from '../../stores/toasts.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { Segmented } from '../../ui/field.tsx'
import { number } from '../../ui/format.ts'
import { plainName } from '../../ui/names.ts'

type MendProps = {
  readonly row: ArchiveRow
  readonly rewritten: Extract<Rewritten, { kind: 'forked' }>
  readonly onClose: () => void
}

export function Mend({ row, rewritten, onClose }: MendProps): ReactElement {
  const { common, here } = rewritten
  const [how, setHow] = useState<'keep' | 'back'>('keep')
  const back = common !== null && common > 0 && common < here ? common : null
  const mend = () => {
    onClose()
    attempt(async () => {
      const { length } = await backend.archives.repair({ key: row.id, version: how === 'back' ? back : null })
      toast.done({
        title: `${plainName(titleOf(row))} is mended`,
        text: `It goes on after version ${number(length)}. Your friends are asked to follow as you meet them.`,
      })
    })
  }
  return (
    <Dialog
      open
      onClose={onClose}
      title={`Mend ${plainName(titleOf(row))}`}
      description="Two machines have written to it, each without what the other one wrote. One history has to go."
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="danger" onClick={mend}>
            Mend it on this machine
          </Button>
        </>
      }
    >
      <div className="flex flex-col gap-3">
        {back !== null && (
          <Segmented
            label="What stays"
            value={how}
            onValue={setHow}
            options={[
              { value: 'keep', label: `All that is here (version ${number(here)})` },
              { value: 'back', label: `What both have (version ${number(back)})` },
            ]}
          />
        )}
        <p>
          {how === 'keep' || back === null
            ? `Everything that is on this machine stays. What the other machine wrote since ${back === null ? 'they parted' : `version ${number(back)}`} is given up.`
            : `Versions ${number(back + 1)}–${number(here)} of this machine are given up as well, with what only they held. Files of a folder that the archive follows stay where they are, and are added again.`}
        </p>
        <p>
          Your friends are asked whether they follow. Whoever has what is given up keeps it until they say yes. Do this
          on one machine only: the other one then follows like a friend. After that, do not publish from both.
        </p>
      </div>
    </Dialog>
  )
}
