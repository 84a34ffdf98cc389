/** How much was received and sent, over some times and of some things. */
import type { ReactElement, ReactNode } from 'react'
import { bytes, count } from './format.ts'

export type Amounts = {
  readonly name: ReactNode
  readonly down: number
  readonly up: number
  /** Where blocks are counted: how many. */
  readonly blocks?: { readonly down: number; readonly up: number }
}

export function AmountsTable({ rows }: { readonly rows: readonly Amounts[] }): ReactElement {
  return (
    <table className="tabular border-collapse text-left [&_td]:py-0.5 [&_td]:pr-6 [&_th]:py-0.5 [&_th]:pr-6 [&_th]:font-normal">
      <thead>
        <tr className="text-sm text-muted">
          <td />
          <th scope="col">Received</th>
          <th scope="col">Sent</th>
        </tr>
      </thead>
      <tbody>
        {rows.map(({ name, down, up, blocks }, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a table of a few rows that keep their places
          <tr key={index}>
            <th scope="row" className="text-muted">
              {name}
            </th>
            <td title={blocks && count(blocks.down, 'block')}>{bytes(down)}</td>
            <td title={blocks && count(blocks.up, 'block')}>{bytes(up)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}
