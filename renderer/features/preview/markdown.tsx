/**
 * Markdown by somebody else. It becomes React elements and nothing else: raw HTML is ignored, pictures are named and not
 * loaded, and a link first shows where it leads.
 */
import { ExternalLink, Image } from 'lucide-react'
import { createElement, type ReactElement, type ReactNode, useEffect, useState } from 'react'
import { shell } from '../../shell.ts'
import { attempt } from '../../stores/toasts.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { plainName } from '../../ui/names.ts'
import { lookUpReferences } from './markdown-references.ts'
import type { MarkdownNode } from './markdown-tree.ts'
import type { MarkdownAnswer, MarkdownQuestion } from './markdown-worker.ts'
import './markdown.css'

/** Longer than honest texts need on slow machines. */
const PATIENCE_MS = 4000

type MarkdownProps = {
  readonly text: string
  readonly whileParsing: ReactElement
  /** For what is too much to lay out. */
  readonly otherwise: ReactElement
}

export function Markdown({ text, whileParsing, otherwise }: MarkdownProps): ReactElement {
  const [answer, setAnswer] = useState<MarkdownAnswer | 'parsing'>('parsing')
  const [address, setAddress] = useState<string | null>(null)

  useEffect(() => {
    const worker = new Worker(new URL('./markdown-worker.ts', import.meta.url), { type: 'module' })
    const end = (answered: MarkdownAnswer) => {
      worker.terminate()
      clearTimeout(timer)
      setAnswer(answered)
    }
    const timer = setTimeout(() => end(null), PATIENCE_MS)
    worker.addEventListener('message', ({ data }: MessageEvent<MarkdownAnswer>) => end(data))
    worker.addEventListener('error', () => end(null))
    worker.postMessage({ text, references: lookUpReferences(text) } satisfies MarkdownQuestion)
    return () => {
      worker.terminate()
      clearTimeout(timer)
    }
  }, [text])

  if (answer === 'parsing') return whileParsing
  if (answer === null) return otherwise
  return (
    <article dir="auto" className="markdown">
      {answer.map((node, index) => element(node, index, setAddress))}
      <Leave address={address} onClose={() => setAddress(null)} />
    </article>
  )
}

type OnOpen = (address: string) => void

function element(node: MarkdownNode, key: number, onOpen: OnOpen): ReactNode {
  if (typeof node === 'string') return node
  const children = node.children.map((child, index) => element(child, index, onOpen))
  switch (node.tag) {
    case 'a':
      return (
        <Link key={key} href={node.href ?? ''} onOpen={onOpen}>
          {children}
        </Link>
      )
    case 'img':
      return (
        <span key={key} className="inline-flex items-center gap-1 rounded-md bg-hover px-1.5 text-sm text-muted">
          <Image size={13} aria-hidden className="shrink-0" />
          {node.alt ? `Picture: ${node.alt}` : 'Picture'}
        </span>
      )
    case 'input':
      return (
        <span key={key} role="img" aria-label={node.checked ? 'done' : 'not done'} className="mr-1.5">
          {node.checked ? '☑' : '☐'}
        </span>
      )
    case 'hr':
    case 'br':
      return createElement(node.tag, { key })
    case 'ol':
      return (
        <ol key={key} start={node.start}>
          {children}
        </ol>
      )
    case 'th':
    case 'td':
      return createElement(node.tag, { key, style: { textAlign: node.align } }, ...children)
    default:
      return createElement(node.tag, { key }, ...children)
  }
}

/** The shell opens nothing else; other addresses are said, and stay words. */
const opens = (href: string) => /^(https:\/\/|mailto:)/i.test(href) && href.length <= 2048

type LinkProps = { readonly href: string; readonly onOpen: OnOpen; readonly children: ReactNode }

function Link({ href, onOpen, children }: LinkProps): ReactElement {
  if (href === '' || href.startsWith('#')) return <span>{children}</span>
  if (!opens(href)) {
    return (
      <span>
        {children} <span className="text-sm text-muted">({plainName(href)})</span>
      </span>
    )
  }
  return (
    <button
      type="button"
      title={plainName(href)}
      onClick={() => onOpen(href)}
      className="inline rounded-xs text-left text-accent-text underline decoration-1 underline-offset-2 hover:decoration-2"
    >
      {children}
    </button>
  )
}

function Leave({ address, onClose }: { readonly address: string | null; readonly onClose: () => void }): ReactElement {
  return (
    <Dialog
      open={address !== null}
      onClose={onClose}
      title="Open this address outside of Cairn?"
      description="Whoever runs it learns that you came."
      size="small"
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button
            kind="primary"
            icon={<ExternalLink size={14} aria-hidden />}
            onClick={() => {
              if (address !== null) attempt(() => shell.openExternal({ url: address }))
              onClose()
            }}
          >
            Open
          </Button>
        </>
      }
    >
      {address !== null && <Address address={address} />}
    </Dialog>
  )
}

/** The whole address, with the part that says whose it is made strong. */
function Address({ address }: { readonly address: string }): ReactElement {
  const plain = plainName(address)
  const match = /^(https:\/\/)([^/?#]+)(.*)$/is.exec(plain)
  return (
    <p
      dir="ltr"
      className="max-h-48 overflow-y-auto rounded-lg bg-sunken p-3 font-mono text-sm text-muted [overflow-wrap:anywhere]"
    >
      {match === null ? (
        plain
      ) : (
        <>
          {match[1]}
          <strong className="font-semibold text-ink">{match[2]}</strong>
          {match[3]}
        </>
      )}
    </p>
  )
}
