/** Snapshots of which only a part of the content is vouched for. */
const bounds = new WeakMap<object, number>()

/** Entries of this snapshot that name content from this block on are none: nobody said what stands there. */
export function boundContent(snapshot: object, blocks: number): void {
  bounds.set(snapshot, blocks)
}

export const contentBound = (snapshot: object): number => bounds.get(snapshot) ?? Number.POSITIVE_INFINITY
