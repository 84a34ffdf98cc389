/** What the person decides about what is published of a source, and how a click on the page changes it. */
import type { Counted } from '../../../preload/contract/models.ts'

export type Decisions = {
  /** In the syntax of gitignore, with the last word over the defaults and `.cairnignore`. */
  readonly rules: string
  /** Paths that were taken out one by one. */
  readonly exclude: readonly string[]
}
export const undecided: Decisions = { rules: '', exclude: [] }

/** One rule that leaves something out. */
export type Group = Counted['ignoredBy'][number]

export const linesOf = (rules: string): readonly string[] => rules.split(/\r?\n/).filter(line => line.trim() !== '')

/** Only what can never be in an archive cannot be taken in. */
export const canTakeIn = ({ origin }: Group): boolean => origin !== 'fixed'

/** Undoes what the person said themselves; what others wrote is answered by a rule that takes it in. */
export function takeIn<T extends Decisions>(decisions: T, { rule, origin }: Group): T {
  if (origin === 'chosen') return { ...decisions, exclude: decisions.exclude.filter(path => path !== rule) }
  const rest = linesOf(decisions.rules).filter(line => line !== rule)
  return { ...decisions, rules: (origin === 'own' ? rest : [...rest, `!${rule}`]).join('\n') }
}

/** A path of the archive, such as `/drafts`, or a pattern, such as `*.log`. */
export function leaveOut<T extends Decisions>(decisions: T, pattern: string): T {
  const rest = linesOf(decisions.rules).filter(line => line !== pattern && line !== `!${pattern}`)
  return { ...decisions, rules: [...rest, pattern].join('\n') }
}

export function withoutRule<T extends Decisions>(decisions: T, rule: string): T {
  const rest = linesOf(decisions.rules).filter(line => line !== rule)
  return { ...decisions, rules: rest.join('\n') }
}

export const excludePaths = <T extends Decisions>(decisions: T, paths: Iterable<string>): T => ({
  ...decisions,
  exclude: [...new Set([...decisions.exclude, ...paths])],
})
