/** What has passed of everything, today and ever, and how quickly more of it may. */
import type { ReactElement } from 'react'
import type { LimitsInForce } from '../../../preload/contract/models.ts'
import { useTraffic } from '../../stores/mirrors.ts'
import { ui } from '../../stores/ui.ts'
import { AmountsTable } from '../../ui/amounts.tsx'
import { Button } from '../../ui/button.tsx'
import { date, rate } from '../../ui/format.ts'

export function Passed({ limits }: { readonly limits: LimitsInForce }): ReactElement {
  const all = useTraffic('all')
  return (
    <section aria-labelledby="passed-title">
      <h2 id="passed-title" className="text-md font-semibold">
        Passed so far
      </h2>
      {all !== undefined && all.wire !== null && (
        <div className="mt-1.5">
          <AmountsTable
            rows={[
              { name: 'Archives, today', down: all.today.bytesDown, up: all.today.bytesUp },
              { name: `Archives, since ${date(all.since)}`, down: all.ever.bytesDown, up: all.ever.bytesUp },
              { name: 'Everything, today', ...all.wire.today },
              { name: `Everything, since ${date(all.since)}`, ...all.wire.ever },
            ]}
          />
          <p className="mt-1.5 max-w-160 text-sm text-pretty text-muted">
            Everything is what the network counts too: with finding each other, encryption, and proofs that each block
            is right.
          </p>
        </div>
      )}
      <p className="mt-3 flex flex-wrap items-center gap-x-3 gap-y-2">
        <span>{sayLimits(limits)}</span>
        <Button size="small" onClick={() => ui.show('settings')}>
          Limits…
        </Button>
      </p>
    </section>
  )
}

function sayLimits({ down, up, scheduled }: LimitsInForce): string {
  if (down === null && up === null) return scheduled ? 'No limit at this time.' : 'No limit.'
  const parts = [down === null ? '' : `receive ${rate(down)}`, up === null ? '' : `send ${rate(up)}`].filter(Boolean)
  return `${scheduled ? 'At this time' : 'Limit'}: ${parts.join(', ')} at most.`
}
