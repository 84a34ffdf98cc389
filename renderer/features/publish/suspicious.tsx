/** What looks private stays out until the person has said an extra yes. */
import { ShieldAlert } from 'lucide-react'
import type { ReactElement } from 'react'
import type { Counted } from '../../../preload/contract/models.ts'
import { Checkbox } from '../../ui/field.tsx'
import { number } from '../../ui/format.ts'
import { Rows } from './lists.tsx'

type SuspiciousProps = {
  readonly suspicious: Counted['suspicious']
  readonly checked: boolean
  readonly onChecked: (checked: boolean) => void
}

export function Suspicious({ suspicious, checked, onChecked }: SuspiciousProps): ReactElement | null {
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
