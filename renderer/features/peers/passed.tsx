/** What has passed of an archive, and how quickly more of it may. */
import type { ReactElement, ReactNode } from 'react'
import type { ArchiveRow, Passed as Amounts, Rates } from '../../../preload/contract/models.ts'
import { backend } from '../../backend.ts'
import { useNetwork, useTraffic } from '../../stores/mirrors.ts'
import { attempt } from '../../stores/toasts.ts'
import { bytes, count, date, rate } from '../../ui/format.ts'
import { RateField } from '../../ui/rate-field.tsx'

const nothing: Amounts = { bytesDown: 0, bytesUp: 0, blocksDown: 0, blocksUp: 0 }

export function Passed({ row }: { readonly row: ArchiveRow }): ReactElement {
  const traffic = useTraffic(row.id)
  const limits = useNetwork()?.limits
  const { today, ever } = traffic ?? { today: nothing, ever: nothing }
  const set = (change: Partial<Rates>) =>
    attempt(() => backend.archives.setLimits({ key: row.id, ...row.limits, ...change }))
  return (
    <div className="flex flex-wrap gap-x-12 gap-y-6">
      <section aria-label="What has passed of this archive">
        <h2 className="text-md font-semibold">Passed so far</h2>
        <table className="tabular mt-1.5 border-collapse text-left [&_td]:py-0.5 [&_td]:pr-6 [&_th]:py-0.5 [&_th]:pr-6 [&_th]:font-normal">
          <thead>
            <tr className="text-sm text-muted">
              <td />
              <th scope="col">Received</th>
              <th scope="col">Sent</th>
            </tr>
          </thead>
          <tbody>
            <Line name="Today" amounts={today} />
            <Line name={traffic === undefined ? 'Ever' : `Since ${date(traffic.since)}`} amounts={ever} />
          </tbody>
        </table>
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

function Line({ name, amounts }: { readonly name: ReactNode; readonly amounts: Amounts }): ReactElement {
  return (
    <tr>
      <th scope="row" className="text-muted">
        {name}
      </th>
      <td title={count(amounts.blocksDown, 'block')}>{bytes(amounts.bytesDown)}</td>
      <td title={count(amounts.blocksUp, 'block')}>{bytes(amounts.bytesUp)}</td>
    </tr>
  )
}

function sayRates({ down, up }: Rates): string {
  return [down === null ? '' : `receive ${rate(down)}`, up === null ? '' : `send ${rate(up)}`]
    .filter(Boolean)
    .join(', ')
}
