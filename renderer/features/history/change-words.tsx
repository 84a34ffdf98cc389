/** What differs between two states of a file beside its content, in words. */
import type { ChangedFile, Entry } from '../../../preload/contract/models.ts'
import { exactly } from '../../ui/format.ts'

/** The time of what was changed is no news. */
export function details(before: Entry, after: Entry, change: ChangedFile['change'] | null): readonly string[] {
  const time = (entry: Entry) => (entry.modified === null ? 'not recorded' : exactly(entry.modified))
  return [
    before.executable === after.executable
      ? ''
      : after.executable
        ? 'It can be run as a program now.'
        : 'It cannot be run as a program any more.',
    change !== 'touched' || before.modified === after.modified
      ? ''
      : `Its time was ${time(before)} and is ${time(after)}.`,
  ].filter(Boolean)
}
