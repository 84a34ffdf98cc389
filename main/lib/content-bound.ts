/** Snapshots of which only a part of the content is vouched for. */
const bounds = new WeakMap<object, number>()

/** Entries of this snapshot that name content from this block on are none: nobody said what stands there. */
export function boundContent(snapshot: object, blocks: number): void {
  bounds.set(snapshot, blocks)
}

export const contentBound = (snapshot: object): number => bounds.get(snapshot) ?? Number.POSITIVE_INFINITY

/** Snapshots of whose content a part was replaced since by their author, and is not here. */
const replaced = new WeakMap<object, number>()

/** What stands here from this block of content on is not what this snapshot names. */
export function replaceContent(snapshot: object, from: number): void {
  if (from !== Number.POSITIVE_INFINITY) replaced.set(snapshot, from)
}

export const replacedFrom = (snapshot: object): number => replaced.get(snapshot) ?? Number.POSITIVE_INFINITY
