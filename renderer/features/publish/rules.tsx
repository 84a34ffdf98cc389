/** What stays out and by which rule, with a button for each, and the rules as text for those who know gitignore. */
import { EyeOff, Plus, X } from 'lucide-react'
import { type KeyboardEvent, type ReactElement, useEffect, useState } from 'react'
import { assertNever } from '../../../preload/contract/errors.ts'
import type { Counted, RuleOrigin } from '../../../preload/contract/models.ts'
import { Button, IconButton } from '../../ui/button.tsx'
import { cx } from '../../ui/class-names.ts'
import { TextField } from '../../ui/field.tsx'
import { FileName } from '../../ui/file-name.tsx'
import { number } from '../../ui/format.ts'
import { plainName } from '../../ui/names.ts'
import { canTakeIn, type Decisions, type Group, leaveOut, linesOf, takeIn, withoutRule } from './decisions.ts'
import { Fold, shown } from './lists.tsx'

type RulesProps<T extends Decisions> = {
  readonly counted: Pick<Counted, 'ignored' | 'ignoredBy' | 'ignoredCount'>
  readonly decisions: T
  readonly onDecide: (decisions: T) => void
  /** Opened from the start. */
  readonly open?: boolean
}

export function Rules<T extends Decisions>({
  counted,
  decisions,
  onDecide,
  open = false,
}: RulesProps<T>): ReactElement {
  const { ignored, ignoredBy, ignoredCount } = counted
  return (
    <>
      {ignoredCount > 0 && (
        <Fold title={`${number(ignoredCount)} left out by rules`} icon={<EyeOff size={14} />} open={open}>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reached by the keyboard */}
          <div tabIndex={0} role="group" aria-label="Left out by rules" className="max-h-44 overflow-y-auto rounded-md">
            <ul className="flex flex-col">
              {ignoredBy.map(group => (
                <LeftOut
                  key={`${group.origin} ${group.rule}`}
                  group={group}
                  paths={ignored.filter(one => one.rule === group.rule && one.origin === group.origin)}
                  onTakeIn={() => onDecide(takeIn(decisions, group))}
                />
              ))}
            </ul>
          </div>
        </Fold>
      )}
      <Fold title="Leave out more" icon={<Plus size={14} />} open={open}>
        <LeaveOut onLeaveOut={pattern => onDecide(leaveOut(decisions, pattern))} />
        <Own decisions={decisions} onDecide={onDecide} />
      </Fold>
      <Fold title="Rules as text">
        <RulesText rules={decisions.rules} onRules={rules => onDecide({ ...decisions, rules })} />
      </Fold>
    </>
  )
}

const EXAMPLES = 2

type LeftOutProps = {
  readonly group: Group
  readonly paths: readonly { readonly path: string }[]
  readonly onTakeIn: () => void
}

function LeftOut({ group, paths, onTakeIn }: LeftOutProps): ReactElement {
  const { rule, origin, count: times } = group
  const name = origin === 'chosen' ? shown(rule) : rule
  const examples = paths.slice(0, EXAMPLES).map(({ path }) => plainName(shown(path)))
  const said = [
    sayOrigin(origin),
    times === 1 ? '' : `${number(times)} times`,
    origin === 'chosen' ? '' : examples.join(', '),
  ]
  return (
    <li className="flex min-w-0 items-center gap-3 py-1">
      <div className="min-w-0 flex-1">
        <FileName name={name} className={cx(origin !== 'chosen' && origin !== 'fixed' && 'font-mono text-sm')} />
        <p className="truncate text-sm text-muted">
          {said.filter(Boolean).join(' · ')}
          {origin !== 'chosen' && times > examples.length && ', …'}
        </p>
      </div>
      {canTakeIn(group) && (
        <Button size="small" onClick={onTakeIn} aria-label={`Take in ${plainName(name)}`}>
          Take in
        </Button>
      )}
    </li>
  )
}

function sayOrigin(origin: RuleOrigin): string {
  switch (origin) {
    case 'default':
      return 'Left out by Cairn'
    case 'folder':
      return 'By .cairnignore'
    case 'own':
      return 'By your rule'
    case 'chosen':
      return 'By you'
    case 'fixed':
      return 'Never published'
    default:
      return assertNever(origin)
  }
}

function LeaveOut({ onLeaveOut }: { readonly onLeaveOut: (pattern: string) => void }): ReactElement {
  const [pattern, setPattern] = useState('')
  const add = () => {
    if (pattern.trim() === '') return
    onLeaveOut(pattern.trim())
    setPattern('')
  }
  return (
    <div className="flex items-end gap-2">
      <div className="min-w-0 flex-1">
        <TextField
          label="A name, a path or a pattern"
          placeholder="drafts, /photos/raw, *.log"
          value={pattern}
          onValue={setPattern}
          onKeyDown={(event: KeyboardEvent) => {
            if (event.key !== 'Enter') return
            event.preventDefault()
            add()
          }}
          maxLength={1000}
          spellCheck={false}
          autoComplete="off"
        />
      </div>
      <Button className="h-8" disabled={pattern.trim() === ''} onClick={add}>
        Leave out
      </Button>
    </div>
  )
}

/** What the person has said so far, each to be taken back. */
function Own<T extends Decisions>({
  decisions,
  onDecide,
}: Pick<RulesProps<T>, 'decisions' | 'onDecide'>): ReactElement | null {
  const lines = linesOf(decisions.rules).filter(line => !line.startsWith('#'))
  if (lines.length === 0) return null
  return (
    <ul aria-label="Your rules" className="mt-2 flex flex-wrap gap-1.5">
      {lines.map((line, index) => (
        <li
          // biome-ignore lint/suspicious/noArrayIndexKey: a line may stand there twice
          key={`${index} ${line}`}
          className="flex max-w-full min-w-0 items-center gap-1 rounded-md bg-hover pl-2 text-sm"
        >
          <span className="shrink-0 text-muted">{line.startsWith('!') ? 'in:' : 'out:'}</span>
          <FileName name={line.replace(/^!/, '')} className="font-mono" />
          <IconButton
            label={`Forget the rule ${plainName(line)}`}
            className="size-6!"
            onClick={() => onDecide(withoutRule(decisions, line))}
          >
            <X size={12} aria-hidden />
          </IconButton>
        </li>
      ))}
    </ul>
  )
}

function RulesText({
  rules,
  onRules,
}: {
  readonly rules: string
  readonly onRules: (rules: string) => void
}): ReactElement {
  const [draft, setDraft] = useState(rules)
  useEffect(() => setDraft(rules), [rules])
  return (
    <div className="flex flex-col items-start gap-2">
      <div className="w-full">
        <TextField
          label="Your rules, in the syntax of .gitignore"
          hint="One a line; the last one that fits decides. ! in front takes in what another rule leaves out, such as !node_modules."
          lines={Math.min(8, Math.max(3, draft.split('\n').length))}
          value={draft}
          onValue={setDraft}
          maxLength={100_000}
          spellCheck={false}
          className="font-mono text-sm"
        />
      </div>
      <Button disabled={draft === rules} onClick={() => onRules(draft)}>
        Count again
      </Button>
    </div>
  )
}
