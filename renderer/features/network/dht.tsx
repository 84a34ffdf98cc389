/** For those who want it: the nodes that this machine knows, by how close they are, and what they keep for it. */
import { type ReactElement, type ReactNode, useEffect, useState } from 'react'
import { createStore, useStore } from 'zustand'
import type { AnnounceRow, DhtTable } from '../../../preload/contract/models.ts'
import { backend, connected } from '../../backend.ts'
import { type Mirror, mirror } from '../../stores/mirror.ts'
import { titleOf, useArchive } from '../../stores/mirrors.ts'
import { Button } from '../../ui/button.tsx'
import { FileName } from '../../ui/file-name.tsx'
import { ago, clock, count, exactly, number } from '../../ui/format.ts'
import { useNow } from '../../ui/media.ts'
import { plainName, shortKey } from '../../ui/names.ts'
import { SkeletonRows } from '../../ui/skeleton.tsx'

/** Rows of announcements that are shown before somebody asks for more. */
const PAGE = 50
/** Nodes of one bucket, at most: upstream's. */
const FULL = 20

/** null: not known yet. */
function useTable(): DhtTable | null {
  const [table, setTable] = useState<DhtTable | null>(null)
  useEffect(() => {
    const life = new AbortController()
    const follow = async () => {
      while (!life.signal.aborted) {
        try {
          await connected(life.signal)
          for await (const next of backend.network.watchTable(undefined, { signal: life.signal })) setTable(next)
        } catch {
          // The network or the backend is away; what is shown above says so.
          setTable(null)
        }
        await new Promise(resolve => setTimeout(resolve, 1000))
      }
    }
    void follow()
    return () => life.abort()
  }, [])
  return table
}

const nothing = createStore<Mirror<AnnounceRow>>(() => ({ status: 'connecting', byId: new Map() }))

function useAnnounces(): Mirror<AnnounceRow> {
  const [store, setStore] = useState(nothing)
  useEffect(() => {
    const life = new AbortController()
    setStore(
      mirror<AnnounceRow>(signal => backend.network.watchAnnounces(undefined, { signal }), life.signal, connected),
    )
    return () => life.abort()
  }, [])
  return useStore(store)
}

export function DhtPanel(): ReactElement {
  const table = useTable()
  if (table === null) return <SkeletonRows rows={4} />
  const known = table.buckets.reduce((sum, { nodes }) => sum + nodes.length, 0)
  return (
    <div className="flex flex-col gap-6">
      <dl className="grid grid-cols-[repeat(auto-fill,minmax(9rem,1fr))] gap-x-6 gap-y-4">
        <Figure name="Nodes known">{number(known)}</Figure>
        <Figure name="Seen by them as">{table.address === null ? 'not known' : plainName(table.address)}</Figure>
        <Figure name="UDP port here">{table.localPort ?? 'none'}</Figure>
        <Figure name={`Questions, ${table.seconds < 60 ? `last ${table.seconds} s` : 'last minute'}`}>
          {number(table.queries)}
        </Figure>
        <Figure name="Requests they took">{number(table.requests)}</Figure>
        <Figure name="Without an answer">{number(table.lost)}</Figure>
      </dl>
      <div>
        <h3 className="text-sm text-muted">This machine’s number among the nodes</h3>
        {table.id === null ? (
          <p>
            None: it asks, and is not asked. A node that has been online and reachable for a while becomes one of those
            that are.
          </p>
        ) : (
          <code className="font-mono text-sm [overflow-wrap:anywhere]">{table.id}</code>
        )}
      </div>
      <Buckets table={table} />
      <Announces />
    </div>
  )
}

function Buckets({ table: { buckets } }: { readonly table: DhtTable }): ReactElement {
  return (
    <section aria-label="Routing table" className="flex flex-col gap-2">
      <h3 className="font-medium">Nodes by closeness</h3>
      <p className="max-w-160 text-sm text-pretty text-muted">
        Each line is half as far away as the one above it, and holds {FULL} nodes at most: much is known of what is
        close, and enough of everything else.
      </p>
      <table className="w-full max-w-160 border-collapse text-left text-sm">
        <thead className="text-muted">
          <tr className="[&>th]:py-1 [&>th]:pr-3 [&>th]:font-normal [&>th]:whitespace-nowrap">
            <th scope="col">Leading bits alike</th>
            <th scope="col" className="w-full">
              Nodes
            </th>
          </tr>
        </thead>
        <tbody className="tabular">
          {buckets.map(({ bits, nodes }) => (
            <tr key={bits}>
              <th scope="row" className="py-0.5 pr-3 text-right font-normal">
                {bits}
              </th>
              <td className="py-0.5">
                <span className="flex items-center gap-2" title={nodes.map(plainName).join('\n')}>
                  <span aria-hidden className="h-2.5 flex-1 overflow-hidden rounded-full bg-pressed">
                    <span
                      className="block h-full rounded-full bg-accent"
                      style={{ width: `${Math.min(100, (nodes.length / FULL) * 100)}%` }}
                    />
                  </span>
                  <span className="w-6 text-right">{nodes.length}</span>
                </span>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}

function Announces(): ReactElement {
  const { byId, status } = useAnnounces()
  const [shown, setShown] = useState(PAGE)
  const rows = [...byId.values()].sort((a, b) => a.at - b.at)
  return (
    <section aria-label="Announced archives" className="flex flex-col gap-2">
      <h3 className="font-medium">What the network keeps of this machine</h3>
      <p className="max-w-160 text-sm text-pretty text-muted">
        That this machine shares an archive is kept by about twenty nodes for twenty minutes, and told again every ten
        to twelve. One of them after the other is asked whether it still has it; where most do not, it is told again at
        once.
      </p>
      {rows.length === 0 ? (
        <p>{status === 'connecting' ? '…' : 'Nothing is announced.'}</p>
      ) : (
        // Where there is no room for the last columns, each archive says below its name what stands in them.
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
        <section
          aria-label="Announced archives, as a table"
          tabIndex={0}
          className="@container overflow-x-auto rounded-lg border border-line"
        >
          <table className="w-full border-collapse text-left">
            <thead>
              <tr className="bg-sunken text-sm text-muted [&>th]:px-3 [&>th]:py-1.5 [&>th]:font-normal [&>th]:whitespace-nowrap">
                <th scope="col">Archive</th>
                <th scope="col">Kept by</th>
                <th scope="col">Told</th>
                <th scope="col" className="hidden @lg:table-cell">
                  Last seen there
                </th>
                <th scope="col" className="hidden @lg:table-cell">
                  Told again by
                </th>
              </tr>
            </thead>
            <tbody>
              {rows.slice(0, shown).map(row => (
                <Announce key={row.id} row={row} />
              ))}
            </tbody>
          </table>
        </section>
      )}
      {rows.length > shown && (
        <Button className="self-start" onClick={() => setShown(rows.length)}>
          Show all {number(rows.length)}
        </Button>
      )}
    </section>
  )
}

function Announce({ row }: { readonly row: AnnounceRow }): ReactElement {
  const now = useNow()
  const archive = useArchive(row.key ?? '')
  const seen = row.confirmedAt === null ? 'not asked yet' : ago(row.confirmedAt, now)
  const again = clock(row.renewedBy)
  return (
    <tr className="border-t border-line [&>*]:px-3 [&>*]:py-1.5">
      <th scope="row" className="w-full max-w-0 font-normal @lg:w-auto @lg:max-w-60">
        {archive === undefined ? (
          <code className="font-mono text-sm">{shortKey(row.id)}</code>
        ) : (
          <FileName name={titleOf(archive)} />
        )}
        <span className="block text-sm text-muted @lg:hidden">
          <span className="inline-block">Seen there: {seen}.</span>{' '}
          <span className="inline-block">Again by {again}.</span>
        </span>
      </th>
      <td className="tabular whitespace-nowrap">{count(row.holders, 'node')}</td>
      <td className="whitespace-nowrap" title={exactly(row.at)}>
        {ago(row.at, now)}
        {row.renewals > 0 && <span className="block text-sm text-muted">{count(row.renewals, 'time')} early</span>}
      </td>
      <td className="hidden whitespace-nowrap @lg:table-cell">{seen}</td>
      <td className="tabular hidden whitespace-nowrap @lg:table-cell" title={exactly(row.renewedBy)}>
        {again}
      </td>
    </tr>
  )
}

export function Figure({ name, children }: { readonly name: string; readonly children: ReactNode }): ReactElement {
  return (
    <div>
      <dt className="text-sm text-muted">{name}</dt>
      <dd className="tabular text-md [overflow-wrap:anywhere]">{children}</dd>
    </div>
  )
}
