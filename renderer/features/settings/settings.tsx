/** What can be set. Everything takes effect at once; text when its field is left. */
import { Monitor, Moon, Sun } from 'lucide-react'
import { type ReactElement, type ReactNode, useEffect, useState, useSyncExternalStore } from 'react'
import { assertNever } from '../../../preload/contract/errors.ts'
import type { BackendStatus, Settings as SettingsModel } from '../../../preload/contract/models.ts'
import { backend } from '../../backend.ts'
import { allowNotices, type NoticePermission, noticePermission, onNoticePermission } from '../../shell.ts'
import { useSettings } from '../../stores/mirrors.ts'
import { prefer } from '../../stores/preferences.ts'
import { attempt } from '../../stores/toasts.ts'
import { ui, useUi } from '../../stores/ui.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { Segmented, Switch, TextField } from '../../ui/field.tsx'
import { FileName } from '../../ui/file-name.tsx'
import { SkeletonRows } from '../../ui/skeleton.tsx'
import { Bootstrap } from './bootstrap.tsx'
import { Desktop } from './desktop.tsx'
import { Limits } from './limits.tsx'

export function SettingsDialog(): ReactElement {
  const open = useUi(state => state.dialog === 'settings')
  const settings = useSettings()
  return (
    <Dialog open={open} onClose={() => ui.show(null)} title="Settings">
      {settings === undefined ? <SkeletonRows rows={4} /> : <Form settings={settings} />}
    </Dialog>
  )
}

const save = (change: Partial<Omit<SettingsModel, 'id'>>) => attempt(() => backend.settings.update(change))

function Form({ settings }: { readonly settings: SettingsModel }): ReactElement {
  return (
    <div className="flex flex-col gap-6">
      <Row label="Theme">
        <Segmented
          label="Theme"
          value={settings.theme}
          onValue={theme => {
            prefer({ theme })
            save({ theme })
          }}
          options={[
            { value: 'system', label: 'System', icon: <Monitor size={14} aria-hidden /> },
            { value: 'light', label: 'Light', icon: <Sun size={14} aria-hidden /> },
            { value: 'dark', label: 'Dark', icon: <Moon size={14} aria-hidden /> },
          ]}
        />
      </Row>
      <Author saved={settings.author} />
      <Row label="Downloads go to" hint="Suggested whenever you download something.">
        <span className="flex min-w-0 items-center gap-2">
          <FileName name={settings.downloads} />
          <Button
            onClick={() =>
              attempt(async () => {
                const folder = await ui.chooseFolder('Downloads go to')
                if (folder !== null) await backend.settings.update({ downloads: folder })
              })
            }
          >
            Change…
          </Button>
        </span>
      </Row>
      <Notify notify={settings.notify} namePrivate={settings.namePrivate} />
      <Switch
        label="Find people on this network"
        hint="Friends in the same room or house are found at once, also without internet. Others on this network can tell that Cairn runs here, and nothing of what you share."
        checked={settings.room}
        onChecked={room => save({ room })}
      />
      <Desktop />
      <Limits settings={settings} />
      <Bootstrap saved={settings.bootstrap} />
      <Row label="On this device" hint="What each archive takes here, and how much of what you only look at may stay.">
        <Button onClick={() => ui.showKeeping({ name: 'device', key: null })}>Show…</Button>
      </Row>
      <About />
    </div>
  )
}

/** A browser asks the person first, in this browser alone: it may not have done so yet, or may have been told no. */
function Notify({ notify, namePrivate }: { readonly notify: boolean; readonly namePrivate: boolean }): ReactElement {
  const permission = useSyncExternalStore(onNoticePermission, noticePermission)
  const [, setAsked] = useState(0)
  const ask = () => attempt(() => allowNotices().then(() => setAsked(asked => asked + 1)))
  return (
    <div className="flex flex-col gap-4">
      <Switch
        label="Notify me"
        hint="When a friend’s archive changes, one that you watch for is found, or a download ends while this window is not in front. In the menu of an archive, its changes alone can be left out."
        checked={notify}
        onChecked={checked => {
          save({ notify: checked })
          if (checked) ask()
        }}
      />
      {notify && permission !== 'granted' && (
        <div className="flex flex-wrap items-center gap-x-3 gap-y-2 rounded-lg bg-warn-soft px-3 py-2 text-sm text-warn">
          <p role="status" className="min-w-48 flex-1 text-pretty">
            {sayPermission(permission)}
          </p>
          {permission === 'default' && (
            <Button size="small" onClick={ask}>
              Allow…
            </Button>
          )}
        </div>
      )}
      {notify && (
        <Switch
          label="Name private archives in notifications"
          hint="Otherwise they say “A private archive”, since a locked screen shows notifications to whoever looks at it."
          checked={namePrivate}
          onChecked={checked => save({ namePrivate: checked })}
        />
      )}
    </div>
  )
}

function sayPermission(permission: Exclude<NoticePermission, 'granted'>): string {
  switch (permission) {
    case 'default':
      return 'This browser shows none yet: it asks you first.'
    case 'denied':
      return 'This browser was told to show none of this page. To change that, press the sign to the left of the page’s address and allow notifications there.'
    case 'unsupported':
      return 'This browser cannot show notifications of this page. What is new is counted in the library all the same.'
    default:
      return assertNever(permission)
  }
}

function Author({ saved }: { readonly saved: string }): ReactElement {
  const [draft, setDraft] = useState<string | null>(null)
  return (
    <TextField
      label="Your name"
      hint="Put into what you publish from now on. It may stay empty."
      value={draft ?? saved}
      maxLength={200}
      autoComplete="name"
      onValue={setDraft}
      onBlur={() => {
        if (draft !== null && draft !== saved) save({ author: draft.trim() })
        setDraft(null)
      }}
    />
  )
}

function Row({
  label,
  hint,
  children,
}: {
  readonly label: string
  readonly hint?: string
  readonly children: ReactNode
}): ReactElement {
  return (
    <div className="flex flex-wrap items-center justify-between gap-x-4 gap-y-2">
      <div className="min-w-0">
        <div className="font-medium">{label}</div>
        {hint && <div className="text-sm text-muted">{hint}</div>}
      </div>
      {children}
    </div>
  )
}

function About(): ReactElement | null {
  const [status, setStatus] = useState<BackendStatus | null>(null)
  useEffect(() => {
    const stop = new AbortController()
    backend.machine.status(undefined, { signal: stop.signal }).then(setStatus, () => {
      // The banner says already that Cairn is away.
    })
    return () => stop.abort()
  }, [])
  return (
    <div className="flex flex-wrap items-end justify-between gap-x-4 gap-y-3 border-t border-line pt-4">
      <dl className="grid min-h-16 min-w-0 flex-1 basis-70 grid-cols-[auto_minmax(0,1fr)] content-start gap-x-4 gap-y-1 text-sm">
        {status !== null && (
          <>
            <dt className="text-muted">Version</dt>
            <dd>
              {status.version} on {status.platform}
            </dd>
            <dt className="text-muted">Archives lie in</dt>
            <dd>
              <FileName name={status.storage} whole />
            </dd>
          </>
        )}
      </dl>
      <Button
        onClick={() => {
          ui.show(null)
          ui.go({ view: 'about' })
        }}
      >
        About Cairn…
      </Button>
    </div>
  )
}
