/** How the desktop behaves beside the window, as the person has set it. */
import { useEffect, useState } from 'react'
import type { ShellPreferences } from '../../preload/contract/index.ts'
import { hasDesktop, shell } from '../shell.ts'

/** null: not known, or there is no desktop. */
export function useShellPreferences(): ShellPreferences | null {
  const [preferences, setPreferences] = useState<ShellPreferences | null>(null)
  useEffect(() => {
    if (!hasDesktop) return
    const stop = new AbortController()
    void (async () => {
      try {
        for await (const now of shell.watchPreferences(undefined, { signal: stop.signal })) setPreferences(now)
      } catch {
        // The shell goes away with the backend, and the banner says that already.
      }
    })()
    return () => stop.abort()
  }, [])
  return preferences
}
