/** Which rows are chosen, as file managers have it: click, Shift for a range, Ctrl or Cmd for one more or less. */
import { useCallback, useMemo, useState } from 'react'

export type Selection = {
  readonly paths: ReadonlySet<string>
  /** Where the keyboard is. */
  readonly active: string | null
}

type State = Selection & { readonly anchor: string | null }
const nothing: State = { paths: new Set(), active: null, anchor: null }

export type SelectionControl = Selection & {
  only(path: string): void
  toggle(path: string): void
  /** From where the person began to here, in the order that is shown. */
  extend(path: string, order: readonly string[]): void
  all(order: readonly string[]): void
  clear(): void
}

export function useSelection(): SelectionControl {
  const [state, setState] = useState<State>(nothing)
  const only = useCallback((path: string) => setState({ paths: new Set([path]), active: path, anchor: path }), [])
  const toggle = useCallback((path: string) => {
    setState(({ paths }) => {
      const next = new Set(paths)
      if (!next.delete(path)) next.add(path)
      return { paths: next, active: path, anchor: path }
    })
  }, [])
  const extend = useCallback((path: string, order: readonly string[]) => {
    setState(({ anchor, active }) => {
      const start = order.indexOf(anchor ?? active ?? path)
      const end = order.indexOf(path)
      if (start < 0 || end < 0) return { paths: new Set([path]), active: path, anchor: path }
      return {
        paths: new Set(order.slice(Math.min(start, end), Math.max(start, end) + 1)),
        active: path,
        anchor: order[start] ?? path,
      }
    })
  }, [])
  const all = useCallback((order: readonly string[]) => {
    setState(({ active, anchor }) => ({ paths: new Set(order), active: active ?? order[0] ?? null, anchor }))
  }, [])
  const clear = useCallback(() => setState(({ active }) => ({ ...nothing, active })), [])
  return useMemo(
    () => ({ paths: state.paths, active: state.active, only, toggle, extend, all, clear }),
    [state, only, toggle, extend, all, clear],
  )
}
