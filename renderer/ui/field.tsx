/** Fields: a line or several of text, a tick, a switch, and one of a few. */
import { Checkbox as BaseCheckbox } from '@base-ui/react/checkbox'
import { Field } from '@base-ui/react/field'
import { Radio } from '@base-ui/react/radio'
import { RadioGroup } from '@base-ui/react/radio-group'
import { Switch as BaseSwitch } from '@base-ui/react/switch'
import { Check } from 'lucide-react'
import { type ComponentProps, type ReactElement, type ReactNode, useId } from 'react'
import { cx } from './class-names.ts'

const box =
  'w-full min-w-0 rounded-md border px-2.5 text-ink transition-colors focus-visible:border-accent focus-visible:outline-1 focus-visible:outline-offset-0 disabled:opacity-60'

const looks = {
  field: 'border-line-strong/60 bg-surface hover:border-line-strong',
  quiet: 'border-transparent bg-hover hover:bg-pressed focus-visible:bg-surface',
}

type TextFieldProps = Omit<ComponentProps<'input'>, 'onChange' | 'value'> & {
  readonly label: string
  /** The label is read aloud and not shown. */
  readonly labelHidden?: boolean
  readonly hint?: ReactNode
  readonly error?: ReactNode
  readonly icon?: ReactNode
  /** Stands back behind what is around it. */
  readonly quiet?: boolean
  readonly value: string
  readonly onValue: (value: string) => void
  /** More than one line. */
  readonly lines?: number
}

export function TextField(props: TextFieldProps): ReactElement {
  const {
    label,
    labelHidden = false,
    hint,
    error,
    icon,
    quiet = false,
    value,
    onValue,
    lines,
    className,
    ...rest
  } = props
  const control = cx(
    box,
    looks[quiet ? 'quiet' : 'field'],
    lines ? 'py-1.5 resize-y' : 'h-8',
    Boolean(icon) && 'pl-8',
    Boolean(error) && 'border-bad',
    className,
  )
  return (
    <Field.Root invalid={Boolean(error)} className="flex min-w-0 flex-col gap-1">
      <Field.Label className={labelHidden ? 'sr-only' : 'text-sm font-medium'}>{label}</Field.Label>
      <div className="relative">
        {icon && (
          <span className="pointer-events-none absolute inset-y-0 left-2.5 grid place-items-center text-muted">
            {icon}
          </span>
        )}
        <Field.Control
          {...rest}
          value={value}
          onValueChange={onValue}
          render={lines ? <textarea rows={lines} /> : undefined}
          className={control}
        />
      </div>
      {hint && !error && <Field.Description className="text-sm text-muted">{hint}</Field.Description>}
      {error && (
        <Field.Error match className="text-sm text-bad">
          {error}
        </Field.Error>
      )}
    </Field.Root>
  )
}

type TickProps = {
  readonly label: ReactNode
  readonly hint?: ReactNode
  readonly checked: boolean
  readonly onChecked: (checked: boolean) => void
  readonly disabled?: boolean
}

/** Takes effect with the button of its form. */
export function Checkbox({ label, hint, checked, onChecked, disabled }: TickProps): ReactElement {
  const id = useId()
  return (
    <div className="flex items-start gap-2.5">
      <BaseCheckbox.Root
        checked={checked}
        onCheckedChange={onChecked}
        disabled={disabled}
        aria-labelledby={id}
        className="mt-0.5 grid size-4 shrink-0 place-items-center rounded border border-line-strong bg-surface data-checked:border-accent data-checked:bg-accent"
      >
        <BaseCheckbox.Indicator className="text-on-accent">
          <Check size={12} strokeWidth={3} aria-hidden />
        </BaseCheckbox.Indicator>
      </BaseCheckbox.Root>
      {/* biome-ignore lint/a11y/useKeyWithClickEvents: the box beside it is the control */}
      <div id={id} className="min-w-0 select-none" onClick={() => !disabled && onChecked(!checked)}>
        <div>{label}</div>
        {hint && <div className="text-sm text-muted">{hint}</div>}
      </div>
    </div>
  )
}

/** Takes effect at once. */
export function Switch({ label, hint, checked, onChecked, disabled }: TickProps): ReactElement {
  const id = useId()
  return (
    <div className="flex items-start justify-between gap-4">
      <div id={id} className="min-w-0">
        <div className="font-medium">{label}</div>
        {hint && <div className="text-sm text-muted">{hint}</div>}
      </div>
      <BaseSwitch.Root
        checked={checked}
        onCheckedChange={onChecked}
        disabled={disabled}
        aria-labelledby={id}
        className="relative flex h-5 w-8.5 shrink-0 items-center rounded-full bg-line-strong transition-colors duration-150 data-checked:bg-accent data-disabled:opacity-50 before:absolute before:-inset-1"
      >
        <BaseSwitch.Thumb className="block size-4 translate-x-0.5 rounded-full bg-surface shadow-card transition-transform duration-150 data-checked:translate-x-4" />
      </BaseSwitch.Root>
    </div>
  )
}

type ChoiceProps<T extends string> = {
  readonly label: string
  readonly value: T
  readonly onValue: (value: T) => void
  readonly options: readonly { readonly value: T; readonly label: string; readonly icon?: ReactNode }[]
}

/** One of a few, side by side. */
export function Segmented<T extends string>({ label, value, onValue, options }: ChoiceProps<T>): ReactElement {
  return (
    <RadioGroup
      aria-label={label}
      value={value}
      onValueChange={next => onValue(next as T)}
      className="inline-flex w-fit max-w-full flex-wrap gap-0.5 rounded-lg bg-hover p-0.5"
    >
      {options.map(option => (
        <Radio.Root
          key={option.value}
          value={option.value}
          aria-label={option.label}
          className="flex h-6 items-center gap-1.5 rounded-md px-2.5 text-sm text-muted select-none hover:text-ink data-checked:bg-raised data-checked:text-ink data-checked:shadow-card dark:data-checked:bg-pressed"
        >
          {option.icon}
          {option.label}
        </Radio.Root>
      ))}
    </RadioGroup>
  )
}
