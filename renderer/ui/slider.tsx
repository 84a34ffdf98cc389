/** A place on a line, dragged or moved by keys. What it stands for is said in words, and it is the browser's own for screen readers. */
import type { KeyboardEvent, ReactElement } from 'react'
import { cx } from './class-names.ts'

type SliderProps = {
  readonly label: string
  /** In words. */
  readonly text: string
  readonly value: number
  readonly least: number
  readonly most: number
  /** While it is dragged, too. */
  readonly onMove: (value: number) => void
  /** true: the key was dealt with. */
  readonly onKey?: (key: string) => boolean
  readonly disabled?: boolean
  readonly className?: string
}

export function Slider({
  label,
  text,
  value,
  least,
  most,
  onMove,
  onKey,
  disabled = false,
  className,
}: SliderProps): ReactElement {
  const share = most > least ? (value - least) / (most - least) : 1
  return (
    <input
      type="range"
      aria-label={label}
      aria-valuetext={text}
      min={least}
      max={Math.max(most, least + 1)}
      step={1}
      value={most > least ? value : least + 1}
      disabled={disabled}
      style={{ '--share': `${share * 100}%` } as Record<string, string>}
      className={cx('slider', className)}
      onChange={event => onMove(Number(event.target.value))}
      onKeyDown={(event: KeyboardEvent) => {
        if (event.altKey || event.ctrlKey || event.metaKey || onKey?.(event.key) !== true) return
        event.preventDefault()
      }}
    />
  )
}
