/** Where a link is pasted or typed, and looked up with Enter. */
import { Link2 } from 'lucide-react'
import { type ReactElement, useRef } from 'react'
import { useLookUp } from '../../stores/look-up.ts'
import { TextField } from '../../ui/field.tsx'

/** Why a link was refused stands in place of it. */
const hints = {
  typed: 'Enter looks it up.',
  looking: 'Looking it up…',
  declined: 'Not opened: nothing is looked up before you agree.',
  refused: '',
} as const

type OpenFieldProps = { readonly id: string; readonly label: string }

export function OpenField({ id, label }: OpenFieldProps): ReactElement {
  const { link, type, state, error, go } = useLookUp()
  const form = useRef<HTMLFormElement>(null)
  const open = async () => {
    if (!(await go())) form.current?.querySelector('input')?.focus()
  }
  return (
    <form
      ref={form}
      onSubmit={event => {
        event.preventDefault()
        void open()
      }}
    >
      <TextField
        id={id}
        label={label}
        labelHidden
        placeholder={label}
        icon={<Link2 size={14} aria-hidden />}
        autoComplete="off"
        spellCheck={false}
        value={link}
        onValue={type}
        readOnly={state === 'looking'}
        hint={link !== '' && hints[state]}
        error={error !== null && <span role="alert">{error}</span>}
      />
    </form>
  )
}
