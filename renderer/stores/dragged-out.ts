/** Copies that were made to be dragged out of the window: let go over the window itself they are nothing new. */
const copies = new Set<string>()

export function willBeDraggedOut(files: readonly string[]): void {
  for (const file of files) copies.add(file)
}

export const isDraggedOut = (file: string): boolean => copies.has(file)
