/**
 * A small line of what was in the last seconds, each with the ones before it: what passes in whole blocks would only go up and
 * down. It shows how it goes, and the numbers beside it say how much.
 */
import type { ReactElement } from 'react'
import { cx } from './class-names.ts'

const WIDTH = 72
const HEIGHT = 20
/** Seconds, as many as the number beside it is the mean of. */
const OVER = 3

type SparklineProps = {
  /** By second, the latest last; empty: nothing at all. */
  readonly values: readonly number[]
  readonly label: string
  /** Of the line, as a class: `stroke-accent`. */
  readonly colour: string
  readonly className?: string
}

export function Sparkline({ values, label, colour, className }: SparklineProps): ReactElement {
  const means = values.map((_, index) => {
    const last = values.slice(Math.max(0, index - OVER + 1), index + 1)
    return last.reduce((sum, value) => sum + value, 0) / last.length
  })
  const top = Math.max(1, ...means)
  const points = means.map((value, index) => {
    const x = (index / Math.max(1, values.length - 1)) * WIDTH
    return `${x.toFixed(1)},${(HEIGHT - 1.5 - (value / top) * (HEIGHT - 4)).toFixed(1)}`
  })
  return (
    <svg
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      width={WIDTH}
      height={HEIGHT}
      role="img"
      aria-label={label}
      className={cx('shrink-0', className)}
    >
      <line x1="0" x2={WIDTH} y1={HEIGHT - 0.5} y2={HEIGHT - 0.5} className="stroke-line" />
      {points.length > 1 && (
        <polyline points={points.join(' ')} fill="none" strokeWidth="1.5" strokeLinejoin="round" className={colour} />
      )}
    </svg>
  )
}
