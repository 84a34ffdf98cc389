/** The name of a version beside what it changed. */
import { Tag } from 'lucide-react'
import type { ReactElement } from 'react'
import type { ArchiveRow, Changeset } from '../../../preload/contract/models.ts'
import { useNames } from '../../stores/names.ts'
import { Badge } from '../../ui/badge.tsx'
import { FileName } from '../../ui/file-name.tsx'
import { number } from '../../ui/format.ts'
import { plainName } from '../../ui/names.ts'

export function NameBadge({
  row,
  version,
}: {
  readonly row: ArchiveRow
  readonly version: number
}): ReactElement | null {
  const named = useNames(row).find(one => one.version === version)
  if (named === undefined) return null
  return (
    <Badge tone="accent">
      <Tag size={11} aria-hidden className="mr-1 inline shrink-0" />
      <span className="sr-only">Called </span>
      <span className="max-w-60 min-w-0">
        <FileName name={named.name} />
      </span>
    </Badge>
  )
}

/** What a changeset did that only named a version. */
export const namingWords = ({ version, name }: NonNullable<Changeset['naming']>): string =>
  name === null
    ? `Version ${number(version)} has no name any more`
    : `Version ${number(version)} was named “${plainName(name)}”`
