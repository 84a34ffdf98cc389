/** Who holds what of an archive: those who are connected, and those who were, as they were seen last. */
import { Pencil } from 'lucide-react'
import { type ReactElement, useState } from 'react'
import type { Availability, Holder } from '../../../preload/contract/models.ts'
import { usePeople } from '../../stores/people.ts'
import { ui } from '../../stores/ui.ts'
import { Button, IconButton } from '../../ui/button.tsx'
import { FileName } from '../../ui/file-name.tsx'
import { ago, bytes, count, exactly, number, percent } from '../../ui/format.ts'
import { useNow } from '../../ui/media.ts'
import { MoodDot } from '../../ui/mood.tsx'
import { plainName, shortKey } from '../../ui/names.ts'
import { ProgressBar } from '../../ui/progress.tsx'

/** Those who stand there at first. */
const SHOWN = 8

export function Holders({ row }: { readonly row: Availability }): ReactElement | null {
  const [all, setAll] = useState(false)
  const { peers } = row
  if (peers.length === 0) return null
  // One more than fit take no more room than the button for them.
  const shown = all || peers.length <= SHOWN + 1 ? peers : peers.slice(0, SHOWN)
  return (
    <section aria-labelledby="holders">
      <h2 id="holders" className="pb-1.5 text-md font-semibold">
        Who holds what
      </h2>
      <ul className="flex flex-col rounded-lg border border-line">
        {shown.map(holder => (
          <Line key={holder.id} holder={holder} of={row} />
        ))}
      </ul>
      {shown.length < peers.length && (
        <Button size="small" className="mt-2" onClick={() => setAll(true)}>
          Show all {number(peers.length)}
        </Button>
      )}
    </section>
  )
}

function Line({ holder, of }: { readonly holder: Holder; readonly of: Availability }): ReactElement {
  const now = useNow()
  const name = usePeople().get(holder.id)?.name
  const { connected, seenAt } = holder
  return (
    <li className="flex items-center gap-2 border-b border-line py-2 pr-1.5 pl-3 last:border-b-0">
      <span className="flex min-w-0 flex-1 flex-wrap items-center gap-x-4 gap-y-1">
        <span className="flex min-w-40 flex-1 items-center gap-2">
          <MoodDot mood={connected ? 'good' : 'quiet'} />
          <span className="min-w-0 flex-1">
            <span className="flex min-w-0 font-medium" title={holder.id}>
              {name === undefined ? (
                <span className="font-mono font-normal">{shortKey(holder.id)}</span>
              ) : (
                <FileName name={name} />
              )}
            </span>
            <span className="block text-sm text-muted" title={seenAt === null ? undefined : exactly(seenAt)}>
              {[connected || seenAt === null ? 'connected' : `last seen ${ago(seenAt, now)}`, sayKeeps(holder)]
                .filter(Boolean)
                .join(' · ')}
            </span>
          </span>
        </span>
        <span className="flex min-w-44 flex-1 items-center gap-3">
          <ProgressBar
            label={`Share that ${name === undefined ? shortKey(holder.id) : plainName(name)} holds`}
            value={holder.all ? 1 : of.blocks === 0 ? 0 : Math.min(0.99, holder.blocks / of.blocks)}
            tone={!connected ? 'muted' : holder.all ? 'good' : 'accent'}
            className="w-20 shrink-0"
          />
          <span className="tabular min-w-0 flex-1 text-sm">{sayShare(holder, of)}</span>
        </span>
      </span>
      <IconButton
        label={name === undefined ? `Name ${shortKey(holder.id)}` : `Rename ${plainName(name)}`}
        onClick={() => ui.showPerson(holder.id)}
      >
        <Pencil size={14} aria-hidden />
      </IconButton>
    </li>
  )
}

function sayKeeps({ all, cairn, keeps }: Holder): string {
  if (keeps === 'all') return all ? 'keeps all of it' : 'means to keep all of it'
  if (keeps === 'parts') return 'keeps parts of it'
  if (keeps === 'look') return 'looks only'
  return cairn ? '' : 'another program'
}

function sayShare({ all, files, bytes: size, blocks, connected, heard }: Holder, of: Availability): string {
  if (!heard) return 'has not said yet what it holds'
  if (all) return connected ? 'holds all of it' : 'held all of it'
  if (of.version === null) return 'not counted yet'
  if (blocks === 0 && files === 0) return connected ? 'holds nothing of it yet' : 'held nothing of it'
  if (files === 0) return `${percent(blocks, of.blocks)} of the blocks, and no whole file`
  return `${number(files)} of ${count(of.files, 'file')}, ${bytes(size)}`
}
