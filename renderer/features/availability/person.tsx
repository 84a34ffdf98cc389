/** What the person calls a machine: "Ana", "The box in the cellar". */
import type { ReactElement } from 'react'
import { LONGEST_NAME, namePerson, usePersonName } from '../../stores/people.ts'
import { ui, useUi } from '../../stores/ui.ts'
import { NameDialog } from '../../ui/name-dialog.tsx'

export function PersonDialog(): ReactElement | null {
  const id = useUi(state => state.person)
  return id === null ? null : <Person key={id} id={id} />
}

function Person({ id }: { readonly id: string }): ReactElement {
  return (
    <NameDialog
      title="Who is this?"
      description="A name of yours for this machine. Nobody else sees it."
      before={usePersonName(id) ?? ''}
      longest={LONGEST_NAME}
      placeholder="Ana, or: the box in the cellar"
      onName={name => namePerson(id, name)}
      onClose={() => ui.showPerson(null)}
    >
      <p className="text-sm text-muted">
        Its public key is <span className="font-mono break-all select-text">{id}</span>
      </p>
    </NameDialog>
  )
}
