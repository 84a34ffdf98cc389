/** What could not be read, and how it is tried again. */
import type { ReactElement } from 'react'
import { explain } from '../../errors.ts'
import { Button } from '../../ui/button.tsx'

export function Failed({ error, onAgain }: { readonly error: unknown; readonly onAgain: () => void }): ReactElement {
  const said = explain(error)
  return (
    <div role="status" className="grid flex-1 place-items-center p-6">
      <div className="flex max-w-100 flex-col items-center gap-1 text-center">
        <p className="font-medium">{said?.title}</p>
        <p className="text-muted">
          {said?.text} {said?.next}
        </p>
        <Button className="mt-2" onClick={onAgain}>
          Try again
        </Button>
      </div>
    </div>
  )
}
