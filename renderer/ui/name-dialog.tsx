/** Gives something a name of the person's, or takes it away again. */
import { type ReactElement, type ReactNode, useRef, useState } from 'react'
import { Button } from './button.tsx'
import { Dialog } from './dialog.tsx'
import { TextField } from './field.tsx'

type NameDialogProps = {
  readonly title: string
  readonly description?: string
  /** What it is called; empty: nothing yet. */
  readonly before: string
  readonly longest: number
  readonly placeholder: string
  readonly hint?: string
  /** Another name than before, or null: none any more. */
  readonly onName: (name: string | null) => void
  readonly onClose: () => void
  /** Below the field. */
  readonly children?: ReactNode
}

export function NameDialog({
  title,
  description,
  before,
  longest,
  placeholder,
  hint,
  onName,
  onClose,
  children,
}: NameDialogProps): ReactElement {
  const [name, setName] = useState(before)
  const field = useRef<HTMLInputElement>(null)
  const wanted = name.trim()
  const save = () => {
    if (wanted === '') return
    if (wanted !== before) onName(wanted)
    onClose()
  }
  return (
    <Dialog
      open
      onClose={onClose}
      title={title}
      {...(description === undefined ? {} : { description })}
      size="small"
      initialFocus={field}
      actions={
        <>
          {before !== '' && (
            <Button
              onClick={() => {
                onName(null)
                onClose()
              }}
            >
              Remove the name
            </Button>
          )}
          <span className="flex-1" />
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" disabled={wanted === ''} onClick={save}>
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
          maxLength={longest}
          placeholder={placeholder}
          {...(hint === undefined ? {} : { hint })}
          autoComplete="off"
        />
        {children}
      </form>
    </Dialog>
  )
}
