/** A preview that could not be shown, in plain words. */
import { CircleSlash, RotateCw } from 'lucide-react'
import { Component, type ReactElement, type ReactNode } from 'react'
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
