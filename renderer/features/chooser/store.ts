/** One question at a time: which folder of the machine that Cairn runs on? */
import { createStore, useStore } from 'zustand'
import { shell, shellKind } from '../../shell.ts'

export type Question = { readonly title: string; readonly answer: (folder: string | null) => void }

const store = createStore<{ readonly question: Question | null }>(() => ({ question: null }))
export const useQuestion = (): Question | null => useStore(store, state => state.question)

/** null: the person changed their mind. A second question takes the place of the first. */
export async function chooseFolder(title: string): Promise<string | null> {
  if (shellKind === 'electron') return (await shell.chooseFolder({ title })).path
  return new Promise(resolve => {
    store.getState().question?.answer(null)
    const answer = (folder: string | null) => {
      store.setState({ question: null })
      resolve(folder)
    }
    store.setState({ question: { title, answer } })
  })
}
