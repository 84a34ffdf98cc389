/** A preview that could not be shown, in plain words. */
import { CircleSlash, RotateCw } from 'lucide-react'
import { Component, type ReactElement, type ReactNode, useEffect, useState } from 'react'
import { explain } from '../../errors.ts'
import { Button } from '../../ui/button.tsx'
import { Details } from '../../ui/toasts.tsx'

type ProblemProps = {
  readonly title: string
  readonly text: string
  readonly details?: string
  readonly onRetry?: () => void
}

export function Problem({ title, text, details, onRetry }: ProblemProps): ReactElement {
  return (
    <div role="status" className="grid min-h-40 flex-1 place-items-center overflow-y-auto p-4">
      <div className="flex max-w-88 flex-col items-center gap-1 text-center">
        <CircleSlash size={22} aria-hidden className="mb-1 text-faint" />
        <p className="font-medium text-balance">{title}</p>
        <p className="text-muted text-pretty">{text}</p>
        {onRetry && (
          <Button className="mt-2" icon={<RotateCw size={14} aria-hidden />} onClick={onRetry}>
            Try again
          </Button>
        )}
        {details && <Details text={details} />}
      </div>
    </div>
  )
}

export function ErrorProblem({
  error,
  onRetry,
}: {
  readonly error: unknown
  readonly onRetry?: () => void
}): ReactElement | null {
  const said = explain(error)
  if (said === null) return null
  const text = [said.text, said.next].filter(Boolean).join(' ')
  return <Problem title={said.title} text={text} details={said.details} onRetry={onRetry} />
}

/** After this long it is said why nothing shows yet. Milliseconds. */
const SAID_AFTER = 3000

/** Over what stands for a file that has not come yet. Its parent is positioned. */
export function Waiting(): ReactElement {
  const [late, setLate] = useState(false)
  useEffect(() => {
    const timer = setTimeout(() => setLate(true), SAID_AFTER)
    return () => clearTimeout(timer)
  }, [])
  return (
    <p role="status" className="absolute inset-x-0 bottom-0 p-3 text-center text-sm text-muted text-pretty">
      {late && 'It has not come yet. Perhaps nobody who is connected has it.'}
    </p>
  )
}

type GuardProps = { readonly fallback: ReactNode; readonly children: ReactNode }

/** Hostile files may make a renderer throw: the preview then falls back, and the page lives on. */
export class Guard extends Component<GuardProps, { readonly failed: boolean }> {
  override state = { failed: false }
  static getDerivedStateFromError(): { readonly failed: boolean } {
    return { failed: true }
  }
  override render(): ReactNode {
    return this.state.failed ? this.props.fallback : this.props.children
  }
}
