/** A path of the machine that Cairn runs on, which need not be the kind that the browser runs on, in steps. */
export type Crumb = { readonly name: string; readonly path: string }

export function crumbsOf(path: string): readonly Crumb[] {
  const separator = /^[A-Za-z]:|^\\\\/.test(path) ? '\\' : '/'
  const root = rootOf(path, separator)
  const crumbs: Crumb[] = [{ name: root === '/' ? 'This computer' : root.replace(/\\$/, ''), path: root }]
  let reached = root
  for (const name of path.slice(root.length).split(separator).filter(Boolean)) {
    reached = reached.endsWith(separator) ? `${reached}${name}` : `${reached}${separator}${name}`
    crumbs.push({ name, path: reached })
  }
  return crumbs
}

function rootOf(path: string, separator: '/' | '\\'): string {
  if (separator === '/') return '/'
  const share = /^\\\\[^\\]+\\[^\\]+\\?/.exec(path)
  return share?.[0] ?? `${path.slice(0, 2)}\\`
}
