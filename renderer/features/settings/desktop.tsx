/** How Cairn behaves beside its window. A browser has none of this, and is shown none. */
import { type ReactElement, useEffect, useState } from 'react'
import type { ShellPreferences } from '../../../preload/contract/index.ts'
import { hasDesktop, shell } from '../../shell.ts'
import { attempt } from '../../stores/toasts.ts'
import { Switch } from '../../ui/field.tsx'

const set = (change: Parameters<typeof shell.prefer>[0]) => attempt(() => shell.prefer(change))

export function Desktop(): ReactElement | null {
  const preferences = useShellPreferences()
  if (preferences === null) return null
  const { startAtLogin, closeToTray, keepAwake, inMenus } = preferences
  return (
    <>
      {startAtLogin !== null && (
        <Switch
          label="Start when you log in"
          hint="Without its window, so that what you share is there whenever this machine is on."
          checked={startAtLogin}
          onChecked={on => set({ startAtLogin: on })}
        />
      )}
      {closeToTray !== null && (
        <Switch
          label="Go on when the window is closed"
          hint="Cairn stays in the tray and goes on sharing. Otherwise closing the window ends it."
          checked={closeToTray}
          onChecked={on => set({ closeToTray: on })}
        />
      )}
      {inMenus !== null && (
        <Switch
          label="Show Cairn in the menus of this desktop"
          hint="It is found there, and opens the links that you click. Switch it off before you delete its file."
          checked={inMenus}
          onChecked={on => set({ inMenus: on })}
        />
      )}
      <Switch
        label="Keep this machine awake during transfers"
        hint="It does not go to sleep by itself while something is added or fetched. The screen may go dark."
        checked={keepAwake}
        onChecked={on => set({ keepAwake: on })}
      />
    </>
  )
}

/** null: not known, or there is no desktop. */
function useShellPreferences(): ShellPreferences | null {
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
