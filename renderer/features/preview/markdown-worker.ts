/** Parses away from the page: some texts are made to take for ever, and a worker can be stopped. */
// The order matters: this one stands in for what the parser expects of a page.
import { answerReferences, type References } from './markdown-references.ts'
import { type MarkdownNode, parseMarkdown } from './markdown-tree.ts'

export type MarkdownQuestion = { readonly text: string; readonly references: References }
/** null: it is more than can be laid out. */
export type MarkdownAnswer = readonly MarkdownNode[] | null

self.addEventListener('message', ({ data }: MessageEvent<MarkdownQuestion>) => {
  answerReferences(data.references)
  self.postMessage(answer(data.text))
})

function answer(text: string): MarkdownAnswer {
  try {
    return parseMarkdown(text)
  } catch {
    return null
  }
}
