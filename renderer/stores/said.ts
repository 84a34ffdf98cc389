/** What is said of an archive where it is named, as things stand now. */
import type { ArchiveRow } from '../../preload/contract/models.ts'
import { useLive } from '../backend.ts'
import { useSettings } from './mirrors.ts'
import { type Said, sayArchive } from './words.ts'

export function useSaid(row: ArchiveRow): Said {
  const live = useLive()
  const allPaused = useSettings()?.paused === true
  return sayArchive(row, { live, allPaused })
}
