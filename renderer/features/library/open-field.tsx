/** Where a link is pasted or typed, and looked up with Enter. */
import { Link2 } from 'lucide-react'
import { type ReactElement, useRef, useState } from 'react'
import { openLink } from '../../stores/commands.ts'
import { TextField } from '../../ui/field.tsx'

/** Why a link was refused is said at length in a message. */
const openHint = {
  typed: 'Enter looks it up.',
  looking: 'Looking it up…',
  refused: 'That was not opened.',
} as const

type OpenFieldProps = { readonly id: string; readonly label: string }

export function OpenField({ id, label }: OpenFieldProps): ReactElement {
  const [link, setLink] = useState('')
  const [state, setState] = useState<'typed' | 'looking' | 'refused'>('typed')
  const form = useRef<HTMLFormElement>(null)
  const open = async (text: string) => {
    if (text.trim() === '') return
    setState('looking')
    const opened = await openLink(text.trim())
    setState(opened ? 'typed' : 'refused')
    if (opened) setLink('')
    else form.current?.querySelector('input')?.focus()
  }
  return (
    <form
      ref={form}
      onSubmit={event => {
        event.preventDefault()
        void open(link)
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
        onValue={text => {
          setLink(text)
          setState('typed')
        }}
        readOnly={state === 'looking'}
        aria-describedby={link === '' ? undefined : `${id}-hint`}
      />
      {link !== '' && (
        <p id={`${id}-hint`} className="px-0.5 pt-1 text-sm text-muted">
          {openHint[state]}
        </p>
      )}
    </form>
  )
}
