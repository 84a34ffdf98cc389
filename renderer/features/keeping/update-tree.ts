/** The files of an update as a tree to tick in, of which only what is open is walked. Pure. */
import type { NewFile } from '../../../preload/contract/models.ts'

/** A folder or a file. `first` and `end`: which of all files lie in it. */
export type Node = {
  /** Of a folder with a `/` at its end. */
  readonly path: string
  readonly name: string
  /** From 1. */
  readonly level: number
  /** null: a folder. */
  readonly file: NewFile | null
  readonly first: number
  readonly end: number
  readonly children: readonly Node[]
  /** Among its brothers and sisters, from 1, of so many. */
  readonly position: number
  readonly of: number
}

/** `files` in any order. Returns them in the order of their paths, in which those of a folder stand together. */
export function treeOf(files: readonly NewFile[]): { readonly root: Node; readonly files: readonly NewFile[] } {
  const sorted = [...files].sort((a, b) => (a.path < b.path ? -1 : 1))
  const childrenOf = (prefix: string, level: number, first: number, end: number): readonly Node[] => {
    const found: Omit<Node, 'position' | 'of'>[] = []
    for (let index = first; index < end; ) {
      const { path } = sorted[index]!
      const slash = path.indexOf('/', prefix.length)
      if (slash === -1) {
        const name = path.slice(prefix.length)
        found.push({ path, name, level, file: sorted[index]!, first: index, end: ++index, children: [] })
        continue
      }
      const folder = path.slice(0, slash + 1)
      const from = index
      while (index < end && sorted[index]!.path.startsWith(folder)) index++
      const children = childrenOf(folder, level + 1, from, index)
      found.push({
        path: folder,
        name: folder.slice(prefix.length, -1),
        level,
        file: null,
        first: from,
        end: index,
        children,
      })
    }
    const folders = found.filter(({ file }) => file === null)
    const rest = found.filter(({ file }) => file !== null)
    return [...folders, ...rest].map((node, index) => ({ ...node, position: index + 1, of: found.length }))
  }
  const children = childrenOf('/', 1, 0, sorted.length)
  const root = { path: '/', name: '', level: 0, file: null, first: 0, end: sorted.length, children, position: 1, of: 1 }
  return { root, files: sorted }
}

/** What is shown, from the top down. With a filter, everything that leads to a file whose path holds it. */
export function shownOf(
  root: Node,
  files: readonly NewFile[],
  open: ReadonlySet<string>,
  filter: string,
): readonly Node[] {
  const wanted = filter.trim().toLocaleLowerCase()
  /** How many of the files before each one match. */
  const matches =
    wanted === '' ? null : running(files, ({ path }) => (path.toLocaleLowerCase().includes(wanted) ? 1 : 0))
  const shown: Node[] = []
  const walk = (nodes: readonly Node[]) => {
    for (const node of nodes) {
      if (matches !== null && matches[node.end]! === matches[node.first]!) continue
      shown.push(node)
      if (node.file === null && (matches !== null || open.has(node.path))) walk(node.children)
    }
  }
  walk(root.children)
  return shown
}

function running(files: readonly NewFile[], of: (file: NewFile, index: number) => number): readonly number[] {
  const sums = [0]
  for (const [index, file] of files.entries()) sums.push(sums[index]! + of(file, index))
  return sums
}

export type Ticks = {
  readonly files: number
  readonly missing: number
  of(node: Node): 'all' | 'some' | 'none'
}

/** `ticked`: for each file whether it is. */
export function ticksOf(files: readonly NewFile[], ticked: readonly boolean[]): Ticks {
  const counts = running(files, (_, index) => (ticked[index] ? 1 : 0))
  const missing = files.reduce((sum, file, index) => sum + (ticked[index] ? file.missing : 0), 0)
  return {
    files: counts[files.length]!,
    missing,
    of({ first, end }) {
      const count = counts[end]! - counts[first]!
      return count === 0 ? 'none' : count === end - first ? 'all' : 'some'
    },
  }
}

/** Ticks all files of a node, or none where all of them are. */
export function toggled({ first, end }: Node, ticked: readonly boolean[]): readonly boolean[] {
  const yes = ticked.slice(first, end).includes(false)
  return ticked.map((was, index) => (index >= first && index < end ? yes : was))
}

/** What is ticked in few paths: a folder where all of it is. */
export function pathsOf(root: Node, ticks: Ticks): readonly string[] {
  const paths: string[] = []
  const walk = (node: Node) => {
    const state = ticks.of(node)
    if (state === 'all') paths.push(node.path)
    else if (state === 'some') node.children.forEach(walk)
  }
  walk(root)
  return paths
}
