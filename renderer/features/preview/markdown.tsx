/**
 * Markdown by somebody else. It becomes React elements and nothing else: raw HTML is ignored, pictures are named and not
 * loaded, and a link first shows where it leads.
 */
import { ExternalLink, Image } from 'lucide-react'
import { type ReactElement, type ReactNode, useState } from 'react'
import MarkdownToReact, { type Components } from 'react-markdown'
import remarkGfm from 'remark-gfm'
import { shell } from '../../shell.ts'
import { attempt } from '../../stores/toasts.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { plainName } from '../../ui/names.ts'
import './markdown.css'

export function Markdown({ text }: { readonly text: string }): ReactElement {
  const [address, setAddress] = useState<string | null>(null)
  const components: Components = {
    a: ({ href, children }) => (
      <Link href={href ?? ''} onOpen={setAddress}>
        {children}
      </Link>
    ),
    img: ({ alt }) => (
      <span className="inline-flex items-center gap-1 rounded-md bg-hover px-1.5 text-sm text-muted">
        <Image size={13} aria-hidden className="shrink-0" />
        {alt ? `Picture: ${alt}` : 'Picture'}
      </span>
    ),
    input: ({ checked }) => (
      <span role="img" aria-label={checked ? 'done' : 'not done'} className="mr-1.5">
        {checked ? '☑' : '☐'}
      </span>
    ),
  }
  return (
    <article dir="auto" className="markdown">
      <MarkdownToReact skipHtml remarkPlugins={plugins} components={components}>
        {text}
      </MarkdownToReact>
      <Leave address={address} onClose={() => setAddress(null)} />
    </article>
  )
}

const plugins = [remarkGfm]

/** The shell opens nothing else; other addresses are said, and stay words. */
const opens = (href: string) => /^(https:\/\/|mailto:)/i.test(href) && href.length <= 2048

type LinkProps = { readonly href: string; readonly onOpen: (address: string) => void; readonly children: ReactNode }

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
