/** What changesets hold, counted in words. */
import type { Changeset } from '../../../preload/contract/models.ts'
import { number } from '../../ui/format.ts'

type Counts = Pick<Changeset, 'added' | 'changed' | 'renamed' | 'removed'> &
  Partial<Pick<Changeset, 'written' | 'touched'>>

export const counts = ({ added, changed, renamed, removed, written = 0, touched = 0 }: Counts): readonly string[] =>
  [
    added > 0 ? `${number(added)} added` : '',
    changed > 0 ? `${number(changed)} changed` : '',
    written > 0 ? `${number(written)} added or changed` : '',
    renamed > 0 ? `${number(renamed)} renamed` : '',
    removed > 0 ? `${number(removed)} removed` : '',
    // As the opened row says of each.
    touched > 0 ? `${number(touched)} time or permissions only` : '',
  ].filter(Boolean)
