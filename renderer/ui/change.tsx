/** What became of a file, as a sign and in words. */
import { ArrowRight, Clock, Minus, Pencil, Plus } from 'lucide-react'
import { assertNever } from '../../preload/contract/errors.ts'
import type { ChangedFile } from '../../preload/contract/models.ts'
import { bytes } from './format.ts'

export function looks(change: ChangedFile['change']) {
  switch (change) {
    case 'added':
      return { Icon: Plus, colour: 'text-good', word: 'Added' }
    case 'changed':
      return { Icon: Pencil, colour: 'text-accent', word: 'Changed' }
    case 'touched':
      return { Icon: Clock, colour: 'text-muted', word: 'Time or permissions only' }
    case 'renamed':
      return { Icon: ArrowRight, colour: 'text-accent', word: 'Renamed' }
    case 'removed':
      return { Icon: Minus, colour: 'text-bad', word: 'Removed' }
    default:
      return assertNever(change)
  }
}

export function difference({ before, after }: Pick<ChangedFile, 'before' | 'after'>): string {
  if (before === null) return after === null ? '' : bytes(after)
  if (after === null) return bytes(before)
  return before === after ? bytes(after) : `${bytes(before)} → ${bytes(after)}`
}
