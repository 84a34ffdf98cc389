/**
 * What is looked at every so often is looked at together, at whole multiples of its period by one clock: hardly any look
 * takes as long as waking this program for it alone.
 */
type Look = { readonly period: number; readonly task: () => void; due: number }

/** Milliseconds that a timer may come before its time. */
const EARLY = 2

const looks = new Set<Look>()
let timer: NodeJS.Timeout | null = null

/**
 * Calls back every `period` milliseconds, until the function that is returned is called. Keeps nothing running; after a time in
 * which nothing could run it is called once.
 */
export function everySo(period: number, task: () => void): () => void {
  const look: Look = { period, task, due: nextOf(period) }
  looks.add(look)
  sleep()
  return () => {
    looks.delete(look)
    sleep()
  }
}

function wake(): void {
  const now = performance.now() + EARLY
  const due = [...looks].filter(look => look.due <= now)
  for (const look of due) look.due = nextOf(look.period)
  sleep()
  for (const look of due) if (looks.has(look)) look.task()
}

function sleep(): void {
  if (timer !== null) clearTimeout(timer)
  timer = null
  if (looks.size === 0) return
  const next = Math.min(...[...looks].map(({ due }) => due))
  timer = setTimeout(wake, Math.max(1, next - performance.now())).unref()
}

const nextOf = (period: number): number => (Math.floor((performance.now() + EARLY) / period) + 1) * period
