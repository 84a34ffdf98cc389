/** Buttons: with words, or with an icon and a name that shows on hover and is read aloud. */
import type { ComponentProps, ReactElement, ReactNode } from 'react'
import { cx } from './class-names.ts'
import { Tooltip } from './tooltip.tsx'

export type ButtonKind = 'primary' | 'plain' | 'quiet' | 'danger'

const kinds: Record<ButtonKind, string> = {
  primary: 'bg-accent text-on-accent hover:bg-accent-strong dark:hover:bg-accent-strong shadow-card',
  plain:
    'bg-raised text-ink border border-line hover:bg-hover active:bg-pressed shadow-card dark:border-line-strong/40',
  quiet: 'text-ink hover:bg-hover active:bg-pressed',
  danger: 'bg-bad text-on-bad hover:brightness-95 shadow-card',
}

const base =
  'inline-flex shrink-0 items-center justify-center gap-1.5 rounded-md font-medium whitespace-nowrap select-none transition-colors duration-100 disabled:opacity-50 disabled:pointer-events-none aria-disabled:opacity-50'

type ButtonProps = Omit<ComponentProps<'button'>, 'children'> & {
  readonly kind?: ButtonKind
  readonly size?: 'small' | 'normal' | 'large'
  readonly icon?: ReactNode
  readonly children: ReactNode
}

const sizes = { small: 'h-6 px-2 text-sm', normal: 'h-7 px-2.5 text-base', large: 'h-9 px-4 text-md' }

export function Button({
  kind = 'plain',
  size = 'normal',
  icon,
  className,
  children,
  ...rest
}: ButtonProps): ReactElement {
  return (
    <button type="button" {...rest} className={cx(base, kinds[kind], sizes[size], className)}>
      {icon}
      {children}
    </button>
  )
}

type IconButtonProps = Omit<ComponentProps<'button'>, 'children'> & {
  /** Its name: shown on hover, read aloud. */
  readonly label: string
  /** Shown beside the name on hover. */
  readonly keys?: string
  readonly pressed?: boolean
  readonly children: ReactNode
}

export function IconButton({ label, keys, pressed, className, children, ...rest }: IconButtonProps): ReactElement {
  return (
    <Tooltip text={label} keys={keys}>
      <button
        type="button"
        aria-label={label}
        aria-pressed={pressed}
        {...rest}
        className={cx(
          base,
          'size-7 text-muted hover:text-ink hover:bg-hover active:bg-pressed',
          pressed === true && 'bg-pressed text-ink',
          className,
        )}
      >
        {children}
      </button>
    </Tooltip>
  )
}
