/** How much may pass in a second: a number with its unit, or nothing where there is no limit. Told when the field is left. */
import { Field } from '@base-ui/react/field'
import { type ReactElement, useState } from 'react'

/** Bytes per second. */
const SLOWEST = 10_000
const UNITS = { 'kB/s': 1000, 'MB/s': 1_000_000 } as const
type Unit = keyof typeof UNITS

type RateFieldProps = {
  readonly label: string
  /** In bytes per second; null: no limit. */
  readonly value: number | null
  readonly onValue: (value: number | null) => void
}

export function RateField({ label, value, onValue }: RateFieldProps): ReactElement {
  const [draft, setDraft] = useState<string | null>(null)
  const [chosen, setChosen] = useState<Unit | null>(null)
  const unit = chosen ?? (value !== null && value < 1_000_000 ? 'kB/s' : 'MB/s')
  const shown = draft ?? (value === null ? '' : String(value / UNITS[unit]))
  const parsed = shown.trim() === '' ? null : Math.round(Number(shown.trim().replace(',', '.')) * UNITS[unit])
  const error =
    parsed === null || (Number.isSafeInteger(parsed) && parsed >= SLOWEST)
      ? null
      : Number.isNaN(parsed)
        ? 'A number, please.'
        : '10 kB/s at least.'
  const tell = (next: number | null) => {
    if (error !== null) return
    setDraft(null)
    if (next !== value) onValue(next)
  }
  return (
    <Field.Root invalid={error !== null} className="flex min-w-0 flex-col gap-1">
      <Field.Label className="text-sm font-medium">{label}</Field.Label>
      <div className="flex">
        <Field.Control
          value={shown}
          inputMode="decimal"
          placeholder="No limit"
          autoComplete="off"
          onValueChange={setDraft}
          onBlur={() => tell(parsed)}
          onKeyDown={event => {
            if (event.key === 'Enter') tell(parsed)
          }}
          className="h-8 w-24 min-w-0 rounded-l-md border border-line-strong/60 bg-surface px-2.5 text-ink placeholder:text-muted hover:border-line-strong focus-visible:z-1 focus-visible:border-accent focus-visible:outline-1 focus-visible:outline-offset-0"
        />
        <select
          aria-label={`Unit of: ${label}`}
          value={unit}
          onChange={event => {
            const next = event.target.value as Unit
            setChosen(next)
            if (shown.trim() === '' || error !== null) return
            // The number stays, and means something else.
            const amount = Math.round(Number(shown.trim().replace(',', '.')) * UNITS[next])
            if (amount >= SLOWEST) {
              setDraft(null)
              onValue(amount)
            } else setDraft(shown)
          }}
          className="-ml-px h-8 rounded-r-md border border-line-strong/60 bg-sunken px-1.5 text-ink hover:border-line-strong focus-visible:z-1 focus-visible:border-accent"
        >
          {Object.keys(UNITS).map(name => (
            <option key={name}>{name}</option>
          ))}
        </select>
      </div>
      {error !== null && (
        <Field.Error match className="text-sm text-bad">
          {error}
        </Field.Error>
      )}
    </Field.Root>
  )
}
