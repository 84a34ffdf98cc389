/**
 * Answers of the backend that are asked for again when something else is known: not more often than an eye follows, and not
 * before the last one has come, so that an answer that takes long comes as well while much goes on.
 */
import { useEffect, useRef, useState } from 'react'
import { useLive } from '../backend.ts'

/** Milliseconds until what has just been wanted is asked for, and between two questions. */
const STILL = 120
const PAUSE = 1000

export type Asker = {
  /** Something else is known. */
  again(): void
  /** Something else is wanted. */
  soon(): void
  close(): void
}

/** `ask` says by itself what came of it; what it throws is passed over. */
export function createAsker(ask: (signal: AbortSignal) => Promise<void>): Asker {
  const life = new AbortController()
  let timer: ReturnType<typeof setTimeout> | undefined
  let running = false
  let waiting: 'soon' | 'again' | null = null
  let last = Number.NEGATIVE_INFINITY
  const start = (when: 'soon' | 'again') => {
    if (life.signal.aborted) return
    if (running) {
      waiting = waiting === 'soon' ? 'soon' : when
      return
    }
    clearTimeout(timer)
    timer = setTimeout(run, when === 'soon' ? STILL : Math.max(STILL, last + PAUSE - performance.now()))
  }
  const run = () => {
    running = true
    last = performance.now()
    void ask(life.signal)
      .catch(() => {})
      .finally(() => {
        running = false
        const next = waiting
        waiting = null
        if (next !== null) start(next)
      })
  }
  return {
    again: () => start('again'),
    soon: () => start('soon'),
    close() {
      clearTimeout(timer)
      life.abort()
    },
  }
}

export type Answer<T> = { readonly answer: T | null; readonly error: unknown }
const none = { answer: null, error: null }

/** `question`: what is asked for, in a word; null: nothing. `turn`: another one when something else is known. */
export function useAnswer<T>(
  question: string | null,
  turn: unknown,
  ask: (signal: AbortSignal) => Promise<T>,
): Answer<T> {
  const live = useLive()
  const [state, setState] = useState<(Answer<T> & { readonly question: string }) | null>(null)
  const latest = useRef(ask)
  latest.current = ask
  const asker = useRef<Asker | null>(null)
  useEffect(() => {
    if (question === null || !live) return
    const own = createAsker(async signal => {
      try {
        const answer = await latest.current(signal)
        if (!signal.aborted) setState({ question, answer, error: null })
      } catch (error) {
        if (!signal.aborted) setState({ question, answer: null, error })
      }
    })
    asker.current = own
    own.soon()
    return () => {
      own.close()
      asker.current = null
    }
  }, [question, live])
  const first = useRef(true)
  // biome-ignore lint/correctness/useExhaustiveDependencies: asked again when something else is known
  useEffect(() => {
    if (first.current) first.current = false
    else asker.current?.again()
  }, [turn])
  return state !== null && state.question === question ? state : none
}
