/**
 * Markdown as a small tree of known tags, which crosses from the worker that parses it to the page that shows it. Raw
 * HTML is ignored, and nothing of an element survives but what is listed here.
 */
import { isValidElement, type ReactNode } from 'react'
import MarkdownToReact from 'react-markdown'
import remarkGfm from 'remark-gfm'

export type MarkdownTag = (typeof TAGS)[number]
export type MarkdownNode =
  | string
  | {
      readonly tag: MarkdownTag
      readonly href?: string
      readonly alt?: string
      readonly checked?: boolean
      readonly start?: number
      readonly align?: 'left' | 'center' | 'right'
      readonly children: readonly MarkdownNode[]
    }

const TAGS = [
  ...(['p', 'h1', 'h2', 'h3', 'h4', 'h5', 'h6', 'blockquote', 'ul', 'ol', 'li', 'pre', 'code', 'hr', 'br'] as const),
  ...(['em', 'strong', 'del', 'sup', 'a', 'img', 'input', 'table', 'thead', 'tbody', 'tr', 'th', 'td'] as const),
] as const
const known: ReadonlySet<string> = new Set(TAGS)

const MOST_NODES = 20_000
const DEEPEST = 60

/** Throws when it is nested or long beyond what anybody writes. */
export function parseMarkdown(text: string): readonly MarkdownNode[] {
  let nodes = 0

  function collect(node: ReactNode, depth: number): readonly MarkdownNode[] {
    if (++nodes > MOST_NODES || depth > DEEPEST) throw new RangeError('Too much Markdown')
    if (typeof node === 'string' || typeof node === 'number') return [String(node)]
    if (Array.isArray(node)) return node.flatMap(child => collect(child as ReactNode, depth))
    if (!isValidElement<ElementProps>(node)) return []
    const children = collect(node.props.children, depth + 1)
    if (typeof node.type !== 'string' || !known.has(node.type)) return children
    return [{ tag: node.type as MarkdownTag, ...attributes(node.props), children }]
  }

  return collect(MarkdownToReact({ children: text, remarkPlugins: [remarkGfm], skipHtml: true }), 0)
}

type ElementProps = {
  readonly children?: ReactNode
  readonly href?: unknown
  readonly alt?: unknown
  readonly checked?: unknown
  readonly start?: unknown
  readonly style?: { readonly textAlign?: unknown }
}

function attributes({
  href,
  alt,
  checked,
  start,
  style,
}: ElementProps): Omit<Exclude<MarkdownNode, string>, 'tag' | 'children'> {
  const align = style?.textAlign
  return {
    ...(typeof href === 'string' && { href }),
    ...(typeof alt === 'string' && { alt }),
    ...(typeof checked === 'boolean' && { checked }),
    ...(typeof start === 'number' && { start }),
    ...((align === 'left' || align === 'center' || align === 'right') && { align }),
  }
}
