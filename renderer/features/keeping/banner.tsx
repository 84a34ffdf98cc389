/** What is special about how a friend's archive is kept: an update that waits for an answer, or that it is paused. */
import { Pause } from 'lucide-react'
import type { ReactElement } from 'react'
import { assertNever } from '../../../preload/contract/errors.ts'
import type { ArchiveRow, PendingUpdate } from '../../../preload/contract/models.ts'
import { backend } from '../../backend.ts'
import { pauseArchive } from '../../stores/commands.ts'
import { attempt } from '../../stores/toasts.ts'
import { ui, usePlace } from '../../stores/ui.ts'
import { Banner } from '../../ui/banner.tsx'
import { Button } from '../../ui/button.tsx'
import { bytes, count, number } from '../../ui/format.ts'

export function KeepingBanner({ row }: { readonly row: ArchiveRow }): ReactElement | null {
  if (row.paused)
    return (
      <Banner
        tone="plain"
        icon={<Pause size={16} />}
        title="Paused"
        actions={
          <Button size="small" onClick={() => pauseArchive(row, false)}>
            Go on
          </Button>
        }
      >
        Nothing of it is fetched and nothing is served. What is on this device can be looked at.
      </Banner>
    )
  const { pending, kept } = row.updates
  return pending === null || kept === null ? null : <Pending row={row} kept={kept} pending={pending} />
}

function Pending({
  row,
  kept,
  pending,
}: {
  readonly row: ArchiveRow
  readonly kept: number
  readonly pending: PendingUpdate
}): ReactElement {
  const place = usePlace()
  const answer = (take: boolean) => attempt(() => backend.archives.answerUpdate({ key: row.id, take }))
  const { chosen } = row.updates
  // What was chosen stands in no one version together with the rest: each of the two is looked at for itself.
  const looks = chosen === null ? [{ version: kept, label: 'Look at the kept version' }] : looksAt(kept, chosen)
  return (
    <Banner
      tone={pending.stays ? 'plain' : 'warn'}
      title={pending.stays ? `You stay on version ${number(kept)}` : titleOf(row, pending)}
      actions={
        <>
          {place.view === 'archive' && place.tab !== 'changes' && (
            <Button size="small" kind="quiet" onClick={() => ui.go({ ...place, tab: 'changes', version: null })}>
              Look at the changes
            </Button>
          )}
          {place.view === 'archive' &&
            looks
              .filter(({ version }) => place.tab !== 'files' || place.version !== version)
              .map(({ version, label }) => (
                <Button
                  key={version}
                  size="small"
                  kind="quiet"
                  onClick={() => ui.go({ ...place, tab: 'files', version, file: null })}
                >
                  {label}
                </Button>
              ))}
          {!pending.stays && (
            <Button size="small" onClick={() => answer(false)}>
              Stay
            </Button>
          )}
          <Button size="small" onClick={() => ui.showKeeping({ name: 'choose', key: row.id })}>
            Choose…
          </Button>
          <Button size="small" kind={pending.stays ? 'plain' : 'primary'} onClick={() => answer(true)}>
            {chosen === null ? 'Take all' : 'Take the rest'}
          </Button>
        </>
      }
    >
      Version {number(pending.to)} {sayDifference(pending)}.{' '}
      {chosen === null
        ? `Version ${number(kept)} is kept until you take it.`
        : `Version ${number(kept)} is kept until then, but for what you chose of later ones, up to version ${number(chosen)}.`}
    </Banner>
  )
}

const looksAt = (...versions: readonly number[]) =>
  versions.map(version => ({ version, label: `Look at version ${number(version)}` }))

function titleOf(
  { updates: { growth } }: ArchiveRow,
  { why, changed, removed, of, bytes: grows }: PendingUpdate,
): string {
  switch (why) {
    case 'removes':
      return `Take an update that removes or overwrites ${number(changed + removed)} of ${count(of, 'file')}?`
    case 'grows':
      return growth === null
        ? `Take an update of ${bytes(grows)}?`
        : `Take an update of ${bytes(grows)}? You let it grow by ${bytes(growth)} without asking`
    case 'ask-first':
      return 'Take the new version?'
    default:
      return assertNever(why)
  }
}

function sayDifference({ added, changed, removed, renamed, bytes: grows }: PendingUpdate): string {
  const parts = [
    added > 0 ? `adds ${count(added, 'file')}` : '',
    changed > 0 ? `changes ${number(changed)}` : '',
    removed > 0 ? `removes ${number(removed)}` : '',
    renamed > 0 ? `renames ${number(renamed)}` : '',
    grows > 0 ? `takes ${bytes(grows)} more` : '',
  ].filter(Boolean)
  return parts.length === 0 ? 'changes nothing but times or permissions of what you keep' : parts.join(', ')
}
