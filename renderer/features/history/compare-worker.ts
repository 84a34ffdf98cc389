/** Compares texts away from the page, which can end it. */
import { compareTexts, type TextComparison } from './compare-texts.ts'

export type CompareQuestion = { readonly before: Uint8Array | null; readonly after: Uint8Array | null }
export type CompareAnswer = TextComparison

self.addEventListener('message', ({ data: { before, after } }: MessageEvent<CompareQuestion>) => {
  self.postMessage(compareTexts(before, after) satisfies CompareAnswer)
})
