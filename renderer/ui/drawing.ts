/**
 * How much there is to draw in a drawing (SVG). The page that shows one lays it out itself and stands still meanwhile, and a
 * few lines can use ten times what uses ten times something, until no machine could draw it.
 */

/** Deeper than drawings are. */
const DEEPEST = 1000

/**
 * Elements of an SVG document, with what is used counted each time. Infinity: something uses itself, or is very deep, or
 * holds other drawings.
 */
export function elementsOf(text: string): number {
  const drawing = new DOMParser().parseFromString(withoutMeaning(text), 'image/svg+xml')
  const byId = new Map<string, Element>()
  for (const element of drawing.querySelectorAll('[id]')) {
    const id = withoutMeaning(element.id)
    if (!byId.has(id)) byId.set(id, element)
  }
  const counted = new Map<Element, number>()
  const open = new Set<Element>()
  const count = (element: Element): number => {
    const known = counted.get(element)
    if (known !== undefined) return known
    if (open.has(element) || open.size > DEEPEST) return Number.POSITIVE_INFINITY
    open.add(element)
    let sum = 1
    for (const child of element.children) sum += count(child)
    for (const { localName, value } of element.attributes) {
      if (localName === 'href' && /^\s*data:image\/svg/i.test(value)) sum = Number.POSITIVE_INFINITY
      for (const id of usedIn(localName, value)) {
        const used = byId.get(withoutMeaning(id))
        if (used !== undefined) sum += count(used)
      }
    }
    open.delete(element)
    counted.set(element, sum)
    return sum
  }
  return count(drawing.documentElement)
}

function usedIn(attribute: string, value: string): readonly string[] {
  if (attribute === 'href') return value.trim().startsWith('#') ? [value.trim().slice(1)] : []
  return [...value.matchAll(/url\(\s*['"]?#([^'")]+)/g)].map(([, id = '']) => id.trim())
}

/**
 * In namespaces that mean nothing to the browser, nor are known to whoever wrote the drawing, elements are elements alone:
 * it takes up neither styles nor handlers, and has no reason to refuse them. Where one is spelled in another way it does
 * refuse them.
 */
const NAMESPACES = ['http://www.w3.org/2000/svg', 'http://www.w3.org/1999/xhtml'] as const
const meaningless = `urn:${crypto.randomUUID()}`
const withoutMeaning = (text: string): string =>
  NAMESPACES.reduce((rest, namespace, index) => rest.replaceAll(namespace, `${meaningless}:${index}`), text)
