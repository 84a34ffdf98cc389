/**
 * A few blocks of many, chosen by who asks in a way that nobody can know before: whoever can hash them with the question has
 * them, or somebody who gives them away. Pure.
 */
import { createHash } from 'node:crypto'
import { countOf, type Ranges } from '../lib/ranges.ts'

/** Bytes of a question. */
export const QUESTION = 16
/** Blocks that are hashed. Of somebody who lacks half of them one in sixteen is believed. */
const BLOCKS = 4

/** What stands at these places; null: not all of it is here. */
type Read = (blocks: readonly number[]) => Promise<readonly Uint8Array[] | null>

/** null: something of it is not here. `who` answers, so that the answer of one is not that of another. */
export async function answerTo(question: Buffer, who: string, ranges: Ranges, read: Read): Promise<Buffer | null> {
  const blocks = await read(sampled(question, who, ranges))
  if (blocks === null) return null
  const hash = createHash('sha256').update(question).update(who)
  // Blocks of other lengths must not come to the same.
  for (const block of blocks) hash.update(createHash('sha256').update(block).digest())
  return hash.digest()
}

export function sampled(question: Buffer, who: string, ranges: Ranges): readonly number[] {
  const count = countOf(ranges)
  return Array.from({ length: Math.min(BLOCKS, count) }, (_, turn) => {
    const digest = createHash('sha256').update(question).update(who).update(String(turn)).digest()
    let place = digest.readUIntBE(0, 6) % count
    for (const { start, end } of ranges) {
      if (place < end - start) return start + place
      place -= end - start
    }
    return 0
  })
}
