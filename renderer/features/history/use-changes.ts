/** The files that differ between two versions. */
import { useEffect, useState } from 'react'
import type { ChangedFile } from '../../../preload/contract/models.ts'
import { backend, useConnection } from '../../backend.ts'
import type { Loaded } from '../../stores/content.ts'

export type Changes = { readonly files: readonly ChangedFile[]; readonly more: boolean }

export function useChanges(
  key: string,
  from: number,
  to: number,
  limit: number,
): readonly [Loaded<Changes>, again: () => void] {
  const live = useConnection().name === 'live'
  const [state, setState] = useState<Loaded<Changes>>({ name: 'loading' })
  const [turn, setTurn] = useState(0)
  // biome-ignore lint/correctness/useExhaustiveDependencies: `turn` asks again
  useEffect(() => {
    if (!live) return
    const stop = new AbortController()
    backend.history.changes({ key, from, to, limit }, { signal: stop.signal }).then(
      value => setState({ name: 'ready', value }),
      (error: unknown) => {
        if (!stop.signal.aborted) setState({ name: 'failed', error })
      },
    )
    return () => stop.abort()
  }, [key, from, to, limit, live, turn])
  return [state, () => setTurn(turn + 1)]
}
