/** What has passed of an archive, and how quickly more of it may. */
import type { ReactElement } from 'react'
import type { ArchiveRow, Passed, Rates } from '../../../preload/contract/models.ts'
import { backend } from '../../backend.ts'
import { useNetwork, useTraffic } from '../../stores/mirrors.ts'
import { attempt } from '../../stores/toasts.ts'
import { type Amounts, AmountsTable } from '../../ui/amounts.tsx'
import { date, rate } from '../../ui/format.ts'
import { RateField } from '../../ui/rate-field.tsx'

const nothing: Passed = { bytesDown: 0, bytesUp: 0, blocksDown: 0, blocksUp: 0 }

export function PassedOfArchive({ row }: { readonly row: ArchiveRow }): ReactElement {
  const traffic = useTraffic(row.id)
  const limits = useNetwork()?.limits
  const { today, ever } = traffic ?? { today: nothing, ever: nothing }
  const set = (change: Partial<Rates>) =>
    attempt(() => backend.archives.setLimits({ key: row.id, ...row.limits, ...change }))
  return (
    <div className="flex flex-wrap gap-x-12 gap-y-6">
      <section aria-label="What has passed of this archive">
        <h2 className="text-md font-semibold">Passed so far</h2>
        <div className="mt-1.5">
          <AmountsTable
            rows={[
              lineOf('Today', today),
              lineOf(traffic === undefined ? 'Ever' : `Since ${date(traffic.since)}`, ever),
            ]}
          />
        </div>
      </section>
      <section aria-label="Limits of this archive">
        <h2 className="text-md font-semibold">How quickly, at most</h2>
        <div className="mt-1.5 flex flex-wrap gap-4">
          <RateField label="Receive" value={row.limits.down} onValue={down => set({ down })} />
          <RateField label="Send" value={row.limits.up} onValue={up => set({ up })} />
        </div>
        {limits !== undefined && (limits.down !== null || limits.up !== null) && (
          <p className="mt-2 max-w-80 text-sm text-muted">
            Of everything together, now: {sayRates(limits)}. The lower limit holds.
          </p>
        )}
      </section>
    </div>
  )
}

const lineOf = (name: string, { bytesDown, bytesUp, blocksDown, blocksUp }: Passed): Amounts => ({
  name,
  down: bytesDown,
  up: bytesUp,
  blocks: { down: blocksDown, up: blocksUp },
})

function sayRates({ down, up }: Rates): string {
  return [down === null ? '' : `receive ${rate(down)}`, up === null ? '' : `send ${rate(up)}`]
    .filter(Boolean)
    .join(', ')
}
