/** What an archive says of itself, and what this machine knows of it. An archive of yours can be described here. */
import { Copy } from 'lucide-react'
import { type ReactElement, useEffect, useId, useState } from 'react'
import type { ArchiveRow } from '../../../preload/contract/models.ts'
import { backend } from '../../backend.ts'
import { copyLink, copyText, moveSource, reveal } from '../../stores/commands.ts'
import { titleOf, useSettings } from '../../stores/mirrors.ts'
import { attempt, toast } from '../../stores/toasts.ts'
import { useSaid } from '../../stores/said.ts'
import { sayHeld, sayKeeping } from '../../stores/words.ts'
import { canReveal } from '../../shell.ts'
import { Button, IconButton } from '../../ui/button.tsx'
import { TextField } from '../../ui/field.tsx'
import { FileName } from '../../ui/file-name.tsx'
import { bytes, count, moment, number } from '../../ui/format.ts'
import { plainName } from '../../ui/names.ts'
import { Fact, Facts } from './inspector.tsx'

export function About({ row }: { readonly row: ArchiveRow }): ReactElement {
  const id = useId()
  const said = useSaid(row)
  return (
    <div className="min-h-0 flex-1 overflow-y-auto">
      <div className="mx-auto flex max-w-160 flex-col gap-8 px-4 py-5 narrow:px-6">
        {row.ownership === 'yours' ? <Describe key={row.id} row={row} /> : <Description row={row} />}
        <section aria-labelledby={id}>
          <h2 id={id} className="mb-3 text-md font-semibold">
            Facts
          </h2>
          <Facts>
            <Fact name="Link">
              <Copyable text={row.link} label="Copy link" onCopy={() => copyLink(row)} />
            </Fact>
            <Fact name="Public key">
              <Copyable text={row.id} label="Copy key" onCopy={() => void copyText(row.id, 'Key copied')} />
            </Fact>
            <Fact name="Access">
              {row.private
                ? 'Private: only who has the whole link, with its secret, can read it'
                : 'Anyone who has the link can read it'}
            </Fact>
            <Fact name="State">{said.short}</Fact>
            <Fact name="Version">{row.length === 0 ? 'Not known yet' : number(row.length)}</Fact>
            <Fact name="Files">{row.files === null ? 'Not counted yet' : count(row.files, 'file')}</Fact>
            <Fact name="Size">{row.bytes === null ? 'Not known yet' : bytes(row.bytes)}</Fact>
            <Fact name="On this device, with all earlier versions">{sayHeld(row)}</Fact>
            {row.ownership === 'friends' && <Fact name="This machine">{sayKeeping(row.keeping)}</Fact>}
            {row.source?.paths.map(path => (
              <Fact key={path} name="Made from">
                <LocalPath path={path} onMoved={() => moveSource(row, path)} />
              </Fact>
            ))}
            {row.keeping.how === 'folder' && (
              <Fact name="Folder that follows it">
                <LocalPath path={row.keeping.folder} />
              </Fact>
            )}
            <Fact name="Newest change">
              {row.changedAt === null ? 'Its author’s program did not say' : moment(row.changedAt)}
            </Fact>
            <Fact name="In your library since">{moment(row.addedAt)}</Fact>
          </Facts>
        </section>
      </div>
    </div>
  )
}

function LocalPath({ path, onMoved }: { readonly path: string; readonly onMoved?: () => void }): ReactElement {
  return (
    <span className="flex items-start gap-2">
      <FileName name={path} whole className="min-w-0" />
      {canReveal && (
        <Button size="small" onClick={() => reveal(path)}>
          Show
        </Button>
      )}
      {onMoved && (
        <Button size="small" aria-label={`It was moved… ${plainName(path)}`} onClick={onMoved}>
          It was moved…
        </Button>
      )}
    </span>
  )
}

function Copyable({
  text,
  label,
  onCopy,
}: {
  readonly text: string
  readonly label: string
  readonly onCopy: () => void
}): ReactElement {
  return (
    <span className="flex items-start gap-1">
      <code className="min-w-0 py-1 font-mono text-sm [overflow-wrap:anywhere]">{text}</code>
      <IconButton label={label} onClick={onCopy}>
        <Copy size={14} aria-hidden />
      </IconButton>
    </span>
  )
}

function Description({ row }: { readonly row: ArchiveRow }): ReactElement {
  return (
    <section className="flex flex-col gap-1">
      <h2 className="text-lg font-semibold">
        <FileName name={titleOf(row)} whole />
      </h2>
      {row.author && (
        <p className="text-muted">
          by <FileName name={row.author} whole />
        </p>
      )}
      {row.description ? (
        <p className="mt-2 max-w-prose text-md">
          <FileName name={row.description} whole />
        </p>
      ) : (
        <p className="text-muted">Its author has not described it.</p>
      )}
    </section>
  )
}

function Describe({ row }: { readonly row: ArchiveRow }): ReactElement {
  const settings = useSettings()
  const [draft, setDraft] = useState<{ title: string; description: string; author: string } | null>(null)
  const [busy, setBusy] = useState(false)
  const saved = { title: row.title, description: row.description, author: row.author }
  const shown = draft ?? saved
  const changed =
    draft !== null &&
    (draft.title !== saved.title || draft.description !== saved.description || draft.author !== saved.author)
  const edit = (part: Partial<typeof saved>) => setDraft({ ...shown, ...part })
  // What was saved comes back with the row; from then on the row is shown again.
  useEffect(() => {
    if (draft !== null && !changed && !busy) setDraft(null)
  }, [draft, changed, busy])
  const save = () => {
    setBusy(true)
    attempt(async () => {
      try {
        await backend.archives.describe({ key: row.id, ...shown, title: shown.title.trim() })
        toast.done({ title: 'Saved', text: 'Everybody who has the link sees it.' })
      } finally {
        setBusy(false)
      }
    })
  }
  return (
    <form
      className="flex flex-col gap-4"
      onSubmit={event => {
        event.preventDefault()
        save()
      }}
    >
      <TextField
        label="Title"
        value={shown.title}
        onValue={title => edit({ title })}
        maxLength={200}
        error={shown.title.trim() === '' ? 'It needs a title.' : null}
        hint="Everybody who has the link sees it."
      />
      <TextField
        label="Description"
        lines={3}
        maxLength={4000}
        value={shown.description}
        onValue={description => edit({ description })}
      />
      <TextField
        label="Author"
        maxLength={200}
        value={shown.author}
        placeholder={settings?.author}
        onValue={author => edit({ author })}
        hint="Your name, as far as you want it known."
      />
      <div className="flex min-h-7 gap-2">
        <Button type="submit" kind="primary" disabled={!changed || busy || shown.title.trim() === ''}>
          Save
        </Button>
        {changed && <Button onClick={() => setDraft(null)}>Discard</Button>}
      </div>
    </form>
  )
}
