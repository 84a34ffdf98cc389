/**
 * A field into which a link is typed: what came of it stands at the field, until something else is typed or another place is
 * gone to, since then it is no longer what the person is about.
 */
import { useEffect, useState } from 'react'
import { explain } from '../errors.ts'
import { lookUp } from './commands.ts'
import { usePlace } from './ui.ts'

export type LookUp = {
  readonly link: string
  readonly type: (link: string) => void
  /** `declined`: the person did not want to be seen by others. */
  readonly state: 'typed' | 'looking' | 'declined' | 'refused'
  /** In plain words; null: there is nothing wrong with it. */
  readonly error: string | null
  /** True: its page is open. */
  readonly go: () => Promise<boolean>
}

export function useLookUp(): LookUp {
  const place = usePlace()
  const [link, setLink] = useState('')
  const [{ state, error }, setOutcome] = useState<Pick<LookUp, 'state' | 'error'>>(typed)
  // biome-ignore lint/correctness/useExhaustiveDependencies: whatever the other place is
  useEffect(() => setOutcome(before => (before.state === 'looking' ? before : typed)), [place])
  const type = (text: string) => {
    setLink(text)
    setOutcome(typed)
  }
  const go = async () => {
    const text = link.trim()
    if (text === '' || state === 'looking') return false
    setOutcome({ state: 'looking', error: null })
    try {
      const opened = await lookUp(text)
      if (opened) type('')
      else setOutcome({ state: 'declined', error: null })
      return opened
    } catch (error) {
      const said = explain(error)
      setOutcome(said === null ? typed : { state: 'refused', error: `${said.title}. ${said.text} ${said.next}`.trim() })
      return false
    }
  }
  return { link, type, state, error, go }
}

const typed = { state: 'typed', error: null } as const
