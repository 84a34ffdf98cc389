/** "Can a friend open it?": a link tried as somebody would who has nothing else, told step by step. */
import { Check as Tick, CircleHelp, LoaderCircle, Minus, X } from 'lucide-react'
import { type ReactElement, useEffect, useState } from 'react'
import { assertNever } from '../../../preload/contract/errors.ts'
import type { ArchiveRow, Check, CheckStep } from '../../../preload/contract/models.ts'
import { backend } from '../../backend.ts'
import { explain } from '../../errors.ts'
import { titleOf, useArchive } from '../../stores/mirrors.ts'
import { ui, useUi } from '../../stores/ui.ts'
import { Button } from '../../ui/button.tsx'
import { cx } from '../../ui/class-names.ts'
import { Dialog } from '../../ui/dialog.tsx'
import { duration } from '../../ui/format.ts'
import { plainName } from '../../ui/names.ts'
import { SkeletonRows } from '../../ui/skeleton.tsx'

export function CheckDialog(): ReactElement | null {
  const key = useUi(state => state.checking)
  const row = useArchive(key ?? '')
  return key === null || row === undefined ? null : <Checking key={row.id} row={row} />
}

const close = () => ui.showCheck(null)

function Checking({ row }: { readonly row: ArchiveRow }): ReactElement {
  const [again, setAgain] = useState(0)
  const { check, failed } = useCheck(row.link, again)
  const isOver = failed !== null || (check !== null && check.verdict !== null)
  return (
    <Dialog
      open
      onClose={close}
      title={`Can a friend open ${plainName(titleOf(row))}?`}
      description="A stranger on this machine, with nothing but the link, looks the archive up and fetches a piece of it. Nothing of yours is changed."
      actions={
        <>
          <Button disabled={!isOver} onClick={() => setAgain(again + 1)}>
            Check again
          </Button>
          <Button kind="primary" onClick={close}>
            {isOver ? 'Done' : 'Stop'}
          </Button>
        </>
      }
    >
      {failed === null && check === null && <SkeletonRows rows={4} />}
      {check !== null && <Steps steps={check.steps} />}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: in a low window it scrolls, and must be reachable by keyboard */}
      <section tabIndex={0} aria-label="What came of it" aria-live="polite" className="mt-4 min-h-24 rounded-lg">
        {failed !== null && <Said title={failed.title} meaning={failed.text} advice={failed.next} />}
        {failed === null && check !== null && check.verdict !== null && <Said {...check} />}
      </section>
    </Dialog>
  )
}

type Failed = { readonly title: string; readonly text: string; readonly next: string }

/** Runs while it is shown, and once more when `again` changes. */
function useCheck(link: string, again: number): { readonly check: Check | null; readonly failed: Failed | null } {
  const [check, setCheck] = useState<Check | null>(null)
  const [failed, setFailed] = useState<Failed | null>(null)
  // biome-ignore lint/correctness/useExhaustiveDependencies: `again` is what asks for another one
  useEffect(() => {
    const life = new AbortController()
    setCheck(null)
    setFailed(null)
    void backend.network.check({ link }, { signal: life.signal, onProgress: setCheck }).then(setCheck, error => {
      if (!life.signal.aborted) setFailed(explain(error))
    })
    return () => life.abort()
  }, [link, again])
  return { check, failed }
}

function Steps({ steps }: { readonly steps: readonly CheckStep[] }): ReactElement {
  return (
    <ol className="flex flex-col gap-2.5">
      {steps.map(step => (
        <li key={step.name} className={cx('flex items-start gap-2.5', step.state === 'waiting' && 'text-muted')}>
          <Mark state={step.state} />
          <span className="min-w-0 flex-1 text-pretty">
            <span className="sr-only">{sayState(step.state)}: </span>
            {step.said}
          </span>
          <span className="tabular w-14 shrink-0 text-right text-sm text-muted">
            {step.milliseconds === null ? '' : took(step.milliseconds)}
          </span>
        </li>
      ))}
    </ol>
  )
}

const took = (milliseconds: number): string =>
  milliseconds < 1000 ? `${milliseconds} ms` : duration(Math.round(milliseconds / 1000))

function Mark({ state }: { readonly state: CheckStep['state'] }): ReactElement {
  const size = { size: 16, 'aria-hidden': true, className: 'mt-0.5 shrink-0' } as const
  switch (state) {
    case 'passed':
      return <Tick {...size} className="mt-0.5 shrink-0 text-good" />
    case 'failed':
      return <X {...size} className="mt-0.5 shrink-0 text-bad" />
    case 'unclear':
      return <CircleHelp {...size} className="mt-0.5 shrink-0 text-warn" />
    case 'running':
      return <LoaderCircle {...size} className="mt-0.5 shrink-0 animate-spin text-accent motion-reduce:animate-none" />
    case 'skipped':
    case 'waiting':
      return <Minus {...size} className="mt-0.5 shrink-0 text-faint" />
    default:
      return assertNever(state)
  }
}

function sayState(state: CheckStep['state']): string {
  switch (state) {
    case 'passed':
      return 'Worked'
    case 'failed':
      return 'Failed'
    case 'unclear':
      return 'Cannot be told'
    case 'running':
      return 'Being tried'
    case 'skipped':
      return 'Left out'
    case 'waiting':
      return 'To come'
    default:
      return assertNever(state)
  }
}

function Said({ title, meaning, advice }: Pick<Check, 'title' | 'meaning' | 'advice'>): ReactElement {
  return (
    <div className="rounded-lg border border-line bg-sunken px-4 py-3">
      <p className="font-semibold text-pretty">{title}</p>
      <p className="mt-1 text-pretty">{meaning}</p>
      {advice !== null && advice !== '' && <p className="mt-1 text-pretty text-muted">{advice}</p>}
    </div>
  )
}
