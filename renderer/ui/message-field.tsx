/** What a version is, in a person's own words: a line that may stay empty, beside whatever makes one. */
import type { ReactElement } from 'react'
import { TextField } from './field.tsx'

/** Characters that the contract takes. */
export const LONGEST_MESSAGE = 500

type MessageFieldProps = {
  readonly value: string
  readonly onValue: (value: string) => void
  readonly label?: string
  readonly placeholder?: string
}

export function MessageField({
  value,
  onValue,
  label = 'What is new? (optional)',
  placeholder,
}: MessageFieldProps): ReactElement {
  return (
    <TextField
      label={label}
      value={value}
      onValue={onValue}
      maxLength={LONGEST_MESSAGE}
      placeholder={placeholder}
      hint="Whoever has the link sees it among the changes."
      autoComplete="off"
    />
  )
}

/** As a part of an input, which is left out where nothing is said. */
export const said = (message: string): { readonly message?: string } =>
  message.trim() === '' ? {} : { message: message.trim() }
