/** Who is connected for this archive, what they give and take, what has passed so far, and how quickly more may. */
import { Radar } from 'lucide-react'
import { type ReactElement, type ReactNode, useEffect, useMemo, useState } from 'react'
import { createStore, useStore } from 'zustand'
import type { ArchiveRow, PeerRow } from '../../../preload/contract/models.ts'
import { backend, connected } from '../../backend.ts'
import { pauseEverything } from '../../stores/commands.ts'
import { type Mirror, mirror } from '../../stores/mirror.ts'
import { useSettings } from '../../stores/mirrors.ts'
import { ui } from '../../stores/ui.ts'
import { useSaid } from '../../stores/said.ts'
import { Button } from '../../ui/button.tsx'
import { SkeletonRows } from '../../ui/skeleton.tsx'
import { PassedOfArchive } from './passed.tsx'
import { PeersPicture } from './picture.tsx'
import { PeersTable } from './table.tsx'

const nobody = createStore<Mirror<PeerRow>>(() => ({ status: 'connecting', byId: new Map() }))

function usePeers(key: string): Mirror<PeerRow> {
  const [store, setStore] = useState(nobody)
  useEffect(() => {
    const life = new AbortController()
    setStore(mirror<PeerRow>(signal => backend.peers.watch({ key }, { signal }), life.signal, connected))
    return () => {
      life.abort()
      setStore(nobody)
    }
  }, [key])
  return useStore(store)
}

type PeersProps = {
  readonly row: ArchiveRow
  /** What stands above the table. */
  readonly children: ReactNode
}

export function Peers({ row, children }: PeersProps): ReactElement {
  const { status, byId } = usePeers(row.id)
  const peers = useMemo(() => [...byId.values()], [byId])
  return (
    // What is read aloud alone has its place in here: otherwise the whole window would scroll for it.
    <div className="@container relative min-h-0 flex-1 overflow-y-auto px-3 py-4 narrow:px-5">
      <div className="flex flex-col gap-5">
        {children}
        {status === 'connecting' ? (
          <SkeletonRows rows={3} />
        ) : peers.length === 0 ? (
          <NoPeers row={row} />
        ) : (
          <section aria-labelledby="connections">
            <h2 id="connections" className="pb-1.5 text-md font-semibold">
              {status === 'stale' ? 'Connected last' : 'Connections'}
            </h2>
            <div className="mb-3 hidden @2xl:block">
              <PeersPicture peers={peers} />
            </div>
            <PeersTable peers={peers} />
            <p className="mt-3 max-w-160 text-sm text-muted">
              Amounts are of this archive, since Cairn was started, however often the connection was opened.
            </p>
          </section>
        )}
        <PassedOfArchive row={row} />
      </div>
    </div>
  )
}

function NoPeers({ row }: { readonly row: ArchiveRow }): ReactElement {
  const said = useSaid(row)
  const here = row.held.ofBlocks > 0 && row.held.blocks >= row.held.ofBlocks
  const paused = useSettings()?.paused === true
  return (
    <section aria-labelledby="nobody" className="flex max-w-160 flex-col items-start gap-1">
      <h2 id="nobody" className="text-md font-semibold">
        {paused
          ? 'Everything is paused'
          : said.mood === 'busy' && row.source?.state.name !== 'importing'
            ? said.short
            : 'Nobody is connected'}
      </h2>
      <p className="text-pretty text-muted">
        {paused
          ? 'Nobody is connected until you go on.'
          : row.ownership === 'yours'
            ? 'Send your friends the link. While Cairn runs they reach you, and you see them here.'
            : here
              ? 'This machine holds everything, so you lose nothing, and serves it to whoever comes.'
              : 'Files that are on this device open; the rest waits until somebody who has them is there.'}
      </p>
      {paused && (
        <Button className="mt-2" onClick={() => pauseEverything(false)}>
          Go on
        </Button>
      )}
      {!paused && row.ownership === 'yours' && (
        <Button className="mt-2" icon={<Radar size={14} aria-hidden />} onClick={() => ui.showCheck(row.id)}>
          Can a friend open it?
        </Button>
      )}
    </section>
  )
}
