/** What a file looks like, without opening it: for the inspector, and large for the whole window. Nothing in it runs. */
import { CornerUpRight, Folder } from 'lucide-react'
import { lazy, type ReactElement, type ReactNode, Suspense, useState } from 'react'
import type { Entry } from '../../../preload/contract/models.ts'
import { FileName } from '../../ui/file-name.tsx'
import { Skeleton } from '../../ui/skeleton.tsx'
import type { Subject } from '../../stores/content.ts'
import { DocumentPreview } from './documents.tsx'
import { kindOf } from '../../ui/kinds.ts'
import { AudioPreview, ImagePreview, VideoPreview } from './media.tsx'
import { Guard, Problem } from './problem.tsx'

const PdfPreview = lazy(async () => ({ default: (await import('./pdf.tsx')).PdfPreview }))

type PreviewProps = {
  readonly archive: string
  /** null: the newest. */
  readonly version: number | null
  readonly entry: Entry
  /** By itself in the window, and not beside its details. The box that it is in gives the size either way. */
  readonly large?: boolean
}

export function Preview({ archive, version, entry, large = false }: PreviewProps): ReactElement {
  if (entry.kind === 'folder') return <Aside icon={<Folder size={28} />}>A folder</Aside>
  if (entry.kind === 'link') {
    return (
      <Aside icon={<CornerUpRight size={28} />}>
        A symbolic link to <FileName name={entry.target ?? '?'} whole className="font-medium text-ink" />
      </Aside>
    )
  }
  // Everything that is known about a file belongs to this very file: another one begins from nothing.
  const id = `${archive}@${version ?? 'newest'}${entry.path}:${entry.size}:${entry.modified}`
  return (
    <Guard
      key={id}
      fallback={<Problem title="This file cannot be shown" text="Download it to open it with another program." />}
    >
      <FilePreview subject={{ archive, version, entry }} large={large} />
    </Guard>
  )
}

function FilePreview(given: { readonly subject: Subject; readonly large: boolean }): ReactElement {
  const { large } = given
  // Lists are read again and again; what they say anew about the same file does not begin its preview anew.
  const [subject] = useState(given.subject)
  const kind = kindOf(subject.entry.name)
  switch (kind) {
    case 'image':
      return <ImagePreview subject={subject} />
    case 'video':
      return <VideoPreview subject={subject} />
    case 'audio':
      return <AudioPreview subject={subject} large={large} />
    case 'pdf':
      return (
        <Suspense fallback={<Skeleton className="h-full" />}>
          <PdfPreview subject={subject} />
        </Suspense>
      )
    case 'markdown':
    case 'table':
    case 'code':
    case 'text':
    case 'unknown':
      return <DocumentPreview subject={subject} kind={kind} />
  }
}

function Aside({ icon, children }: { readonly icon: ReactElement; readonly children: ReactNode }): ReactElement {
  return (
    <div className="flex min-h-40 flex-col items-center justify-center gap-2 p-4 text-center text-muted">
      <span aria-hidden className="text-faint">
        {icon}
      </span>
      <p>{children}</p>
    </div>
  )
}
