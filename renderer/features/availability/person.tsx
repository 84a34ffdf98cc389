/** What the person calls a machine: "Ana", "The box in the cellar". */
import { type ReactElement, useRef, useState } from 'react'
import { LONGEST_NAME, namePerson, usePersonName } from '../../stores/people.ts'
import { ui, useUi } from '../../stores/ui.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { TextField } from '../../ui/field.tsx'

export function PersonDialog(): ReactElement | null {
  const id = useUi(state => state.person)
  return id === null ? null : <Person key={id} id={id} />
}

const close = () => ui.showPerson(null)

function Person({ id }: { readonly id: string }): ReactElement {
  const before = usePersonName(id) ?? ''
  const [name, setName] = useState(before)
  const field = useRef<HTMLInputElement>(null)
  const save = () => {
    const wanted = name.trim()
    if (wanted === '') return
    if (wanted !== before) namePerson(id, wanted)
    close()
  }
  return (
    <Dialog
      open
      onClose={close}
      title="Who is this?"
      description="A name of yours for this machine. Nobody else sees it."
      size="small"
      initialFocus={field}
      actions={
        <>
          {before !== '' && (
            <Button
              onClick={() => {
                namePerson(id, null)
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
        className="flex flex-col gap-3"
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
          maxLength={LONGEST_NAME}
          placeholder="Ana, or: the box in the cellar"
          autoComplete="off"
        />
        <p className="text-sm text-muted">
          Its public key is <span className="font-mono break-all select-text">{id}</span>
        </p>
      </form>
    </Dialog>
  )
}
