/** How Cairn behaves beside its window. A browser has none of this, and is shown none. */
import type { ReactElement } from 'react'
import { shell } from '../../shell.ts'
import { useShellPreferences } from '../../stores/shell-preferences.ts'
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
