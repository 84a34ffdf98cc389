/** An amount of room in gigabytes, saved when its field is left. */
import { type ReactElement, useState } from 'react'
import { TextField } from '../../ui/field.tsx'

const GIGABYTE = 1_000_000_000
/** More than any disk has: a slip of the finger. */
const MOST = 1_000_000

export function GigabytesField({
  label,
  hint,
  value,
  onValue,
}: {
  readonly label: string
  readonly hint?: string
  /** In bytes. */
  readonly value: number
  readonly onValue: (value: number) => void
}): ReactElement {
  const [draft, setDraft] = useState<string | null>(null)
  const amount = draft === null ? null : Number(draft.replace(',', '.'))
  const isWrong = amount !== null && (draft?.trim() === '' || !(amount >= 0 && amount <= MOST))
  return (
    <TextField
      label={`${label}, in GB`}
      {...(hint === undefined ? {} : { hint })}
      error={isWrong ? 'Write a number of gigabytes, such as 5 or 0.5.' : null}
      inputMode="decimal"
      className="max-w-32"
      value={draft ?? String(value / GIGABYTE)}
      onValue={setDraft}
      onBlur={() => {
        if (amount !== null && !isWrong && Math.round(amount * GIGABYTE) !== value)
          onValue(Math.round(amount * GIGABYTE))
        setDraft(null)
      }}
      onKeyDown={event => {
        if (event.key === 'Enter') event.currentTarget.blur()
      }}
    />
  )
}
