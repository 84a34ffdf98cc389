/** Habits of this window that no other client needs to know: kept by the browser, never sent. */
import { createStore, useStore } from 'zustand'

export type Preferences = {
  readonly inspector: boolean
  readonly layout: 'list' | 'grid'
  /** The line of time above the files; null: where there is room for it. */
  readonly time: boolean | null
  /** The earlier versions of the file that is chosen. */
  readonly versions: boolean
  /** Texts that differ: one below the other, or side by side where there is room. */
  readonly comparison: 'unified' | 'split'
  /** Pictures that differ: one over the other, or side by side. */
  readonly pictures: 'slider' | 'beside'
  /** The theme as it was last, so that the first paint has the right colours. */
  readonly theme: 'system' | 'light' | 'dark'
}

const standard: Preferences = {
  inspector: true,
  layout: 'list',
  time: null,
  versions: false,
  comparison: 'unified',
  pictures: 'slider',
  theme: 'system',
}

function load(): Preferences {
  try {
    const saved: unknown = JSON.parse(localStorage.getItem('cairn') ?? '{}')
    return typeof saved === 'object' && saved !== null ? { ...standard, ...saved } : standard
  } catch {
    return standard
  }
}

export const preferences = createStore<Preferences>(load)
export const usePreference = <K extends keyof Preferences>(name: K): Preferences[K] =>
  useStore(preferences, state => state[name])

export function prefer(change: Partial<Preferences>): void {
  preferences.setState(change)
  try {
    localStorage.setItem('cairn', JSON.stringify(preferences.getState()))
  } catch {
    // A browser that keeps nothing: the habit lives as long as the page.
  }
}

/** Paints in the theme that was asked for, and follows the system's where it was left to it. */
export function startTheme(): void {
  const dark = matchMedia('(prefers-color-scheme: dark)')
  const paint = () => {
    const { theme } = preferences.getState()
    document.documentElement.dataset.theme = theme === 'system' ? (dark.matches ? 'dark' : 'light') : theme
  }
  dark.addEventListener('change', paint)
  preferences.subscribe(paint)
  paint()
}
