/** Above the peers of an archive: whether it will be there when this machine is not, and who holds what of it. */
import { Copy, HardDrive, MailPlus, ShieldCheck, TriangleAlert, UsersRound } from 'lucide-react'
import { type ReactElement, useEffect, useRef, useState } from 'react'
import type { ArchiveRow } from '../../../preload/contract/models.ts'
import { useLive } from '../../backend.ts'
import { useAvailability } from '../../stores/availability.ts'
import { isHeldByFew, sayStanding } from '../../stores/availability-words.ts'
import { useSettings } from '../../stores/mirrors.ts'
import { copyInvitation, copyLink, getBack, keep } from '../../stores/commands.ts'
import { Button } from '../../ui/button.tsx'
import { cx } from '../../ui/class-names.ts'
import { bytes } from '../../ui/format.ts'
import { useNow } from '../../ui/media.ts'
import { Skeleton } from '../../ui/skeleton.tsx'
import { AvailabilityBar } from './bar.tsx'
import { Holders } from './holders.tsx'
import { Rarest } from './rarest.tsx'

export function StandingOf({ row }: { readonly row: ArchiveRow }): ReactElement {
  const known = useAvailability(row.id)
  const live = useLive()
  const now = useNow()
  const settings = useSettings()
  const isPaused = row.paused || settings?.paused === true
  if (known === undefined)
    return (
      <div className="flex flex-col gap-2 py-1">
        <Skeleton className="w-2/3" />
        <Skeleton className="w-1/2" />
      </div>
    )
  const { title, mood, asOf, next } = sayStanding(known, { ...row, paused: isPaused }, now)
  const Icon = mood === 'good' ? ShieldCheck : mood === 'warn' ? TriangleAlert : UsersRound
  const offersToKeep =
    row.ownership === 'friends' && row.keeping.how === 'look' && live && !isPaused && isHeldByFew(known)
  const invites = mood === 'warn' && live && !isPaused
  return (
    <div className="flex flex-col gap-5">
      <section aria-label="Will it be there" className="flex items-start gap-3">
        <Icon
          size={20}
          aria-hidden
          className={cx(
            'mt-0.5 shrink-0',
            mood === 'good' ? 'text-good' : mood === 'warn' ? 'text-warn' : 'text-muted',
          )}
        />
        <div className="flex min-w-0 max-w-160 flex-col gap-1">
          <p className="text-lg font-semibold text-pretty">{title}.</p>
          <Announced title={title} kind={`${known.now.name} ${known.connected > 0}`} />
          {next && <p className="text-md text-pretty">{next}</p>}
          <p className="text-sm text-pretty text-muted">
            {live ? asOf : 'Cairn is not running: this is what was known last.'}
          </p>
          {offersToKeep && (
            <p className="mt-1 flex flex-wrap items-center gap-x-3 gap-y-1.5">
              <Button icon={<HardDrive size={14} aria-hidden />} onClick={() => keep(row, true)}>
                Keep all of it
              </Button>
              <span className="min-w-0 flex-1 basis-60 text-pretty text-muted">
                Then it is here too, with every change, and others get it from you while its author is away.
              </span>
            </p>
          )}
          {invites && (
            <div className="mt-1 flex flex-wrap gap-2">
              <Button icon={<Copy size={14} aria-hidden />} onClick={() => copyLink(row)}>
                Copy link
              </Button>
              <Button icon={<MailPlus size={14} aria-hidden />} onClick={() => copyInvitation(row)}>
                Copy invitation
              </Button>
            </div>
          )}
        </div>
      </section>
      <AvailabilityBar row={known} />
      {known.freed.bytes > 0 && (
        <p className="-mt-2 flex flex-wrap items-center gap-x-3 gap-y-1">
          <span>{bytes(known.freed.bytes)} of it were freed here, and are fetched again when you open them.</span>
          <Button size="small" onClick={() => getBack(row)}>
            Get it back
          </Button>
        </p>
      )}
      <Holders row={known} />
      {known.files > 0 && <Rarest row={row} turn={known} />}
    </div>
  )
}

/** Read aloud when it stands otherwise, and not with every file that somebody gets. */
function Announced({ title, kind }: { readonly title: string; readonly kind: string }): ReactElement {
  const [said, setSaid] = useState('')
  const latest = useRef(title)
  latest.current = title
  const first = useRef(kind)
  useEffect(() => {
    if (first.current === kind) return
    first.current = ''
    setSaid(latest.current)
  }, [kind])
  return (
    // What is no longer so is not left standing for who reads along.
    <p role="status" className="sr-only">
      {said === title ? said : ''}
    </p>
  )
}
