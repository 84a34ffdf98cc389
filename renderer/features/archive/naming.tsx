/** What a version is called: "v1.0", "as sent to the printer". */
import type { ReactElement } from 'react'
import type { ArchiveRow } from '../../../preload/contract/models.ts'
import { useArchive } from '../../stores/mirrors.ts'
import { nameVersion, useNames } from '../../stores/names.ts'
import { ui, useUi } from '../../stores/ui.ts'
import { number } from '../../ui/format.ts'
import { NameDialog } from '../../ui/name-dialog.tsx'

export function NamingDialog(): ReactElement | null {
  const naming = useUi(state => state.naming)
  const row = useArchive(naming?.key ?? '')
  if (naming === null || row === undefined) return null
  return <Naming key={`${naming.key} ${naming.version}`} row={row} version={naming.version} />
}

const LONGEST = 200

function Naming({ row, version }: { readonly row: ArchiveRow; readonly version: number }): ReactElement {
  const before = useNames(row).find(one => one.version === version)?.name ?? ''
  return (
    <NameDialog
      title={`Name version ${number(version)}`}
      before={before}
      longest={LONGEST}
      placeholder="v1.0, or: as sent to the printer"
      hint={
        row.ownership === 'yours' ? 'Everybody who has the link sees it.' : 'Only you see it: the archive is not yours.'
      }
      onName={name => nameVersion(row, version, name)}
      onClose={() => ui.showNaming(null)}
    />
  )
}
