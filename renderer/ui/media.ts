/** What kind of window this is. */
import { useEffect, useSyncExternalStore, useState } from 'react'

export function useMedia(query: string): boolean {
  return useSyncExternalStore(
    changed => {
      const list = matchMedia(query)
      list.addEventListener('change', changed)
      return () => list.removeEventListener('change', changed)
    },
    () => matchMedia(query).matches,
  )
}
/** One column. */
export const useNarrow = (): boolean => useMedia('(width < 700px)')
/** Room for a third column. */
export const useWide = (): boolean => useMedia('(width >= 1100px)')

/** Room for more than the files and what stands above them. */
export const useTall = (): boolean => useMedia('(height >= 560px)')

/** The time, again every so often, so that "5 minutes ago" stays true. */
export function useNow(every = 30_000): number {
  const [now, setNow] = useState(Date.now)
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), every)
    return () => clearInterval(timer)
  }, [every])
  return now
}
