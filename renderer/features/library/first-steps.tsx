/**
 * What there is to do with Cairn, as the things themselves: where a folder is dropped, where a link is pasted, and what goes on
 * when the window is closed. Shown until the person has taken the steps or passed over them, and where the library is empty.
 */
import { Check, FolderUp } from 'lucide-react'
import { type ReactElement, type ReactNode, useId } from 'react'
import type { ArchiveRow, Settings } from '../../../preload/contract/models.ts'
import type { ShellPreferences } from '../../../preload/contract/index.ts'
import { backend } from '../../backend.ts'
import { hasDesktop } from '../../shell.ts'
import { titleOf, useArchives } from '../../stores/mirrors.ts'
import { useShellPreferences } from '../../stores/shell-preferences.ts'
import { attempt } from '../../stores/toasts.ts'
import { ui } from '../../stores/ui.ts'
import { Button } from '../../ui/button.tsx'
import { cx } from '../../ui/class-names.ts'
import { FileName } from '../../ui/file-name.tsx'
import { isMac } from '../../ui/keys.tsx'
import { Logo } from '../../ui/logo.tsx'
import { ViewHeader } from '../../ui/view.tsx'
import { OpenField } from './open-field.tsx'

/** `also`: what stands below it. */
export function Welcome({ settings, also }: { readonly settings: Settings; readonly also: ReactNode }): ReactElement {
  return (
    <>
      <ViewHeader title={<span className="sr-only">Welcome to Cairn</span>} />
      <div className="grid min-h-0 flex-1 place-items-center overflow-y-auto px-4 pb-8 narrow:px-6">
        <div className="flex w-full max-w-140 flex-col items-center gap-5">
          <div className="flex flex-col items-center gap-2 text-center">
            <Logo size={48} />
            <h2 className="text-xl font-semibold text-balance">Share a folder with the people you know</h2>
            <p className="max-w-110 text-md text-pretty text-muted">
              Your files go straight from your machine to theirs. There is no server in between: an archive stays up as
              long as somebody holds it.
            </p>
          </div>
          <Steps all={!settings.welcomed} />
          <div className="flex flex-wrap justify-center gap-2">
            {!settings.welcomed && <End done={false} />}
            {also}
          </div>
        </div>
      </div>
    </>
  )
}

/** Above the archives of who has taken some of them. */
export function FirstSteps(): ReactElement {
  const id = useId()
  return (
    <section aria-labelledby={id} className="mt-1 mb-2 rounded-xl bg-sunken p-3 narrow:p-4">
      <div className="mb-3 flex flex-wrap items-center justify-between gap-2">
        <h2 id={id} className="text-md font-semibold">
          First steps
        </h2>
        <End done />
      </div>
      <Steps all beside />
    </section>
  )
}

const End = ({ done }: { readonly done: boolean }): ReactElement => (
  <Button kind={done ? 'plain' : 'quiet'} onClick={() => attempt(() => backend.settings.update({ welcomed: true }))}>
    {done ? 'Done' : 'Skip the first steps'}
  </Button>
)

type StepsProps = {
  /** Also the one that is read and not done. */
  readonly all: boolean
  /** Beside each other, where there is room for it. */
  readonly beside?: boolean
}

function Steps({ all, beside = false }: StepsProps): ReactElement {
  const [yours] = useArchives('yours')
  const [friends] = useArchives('friends')
  return (
    <ol className={cx('grid w-full gap-2.5', beside && 'wide:grid-cols-3')}>
      <Step
        title="Publish a folder"
        text="You see what becomes public before anything does, and get a link to give away."
        done={yours}
      >
        <div className="flex flex-wrap items-center justify-center gap-x-3 gap-y-2 rounded-lg border-2 border-dashed border-line-strong/60 px-3 py-3.5">
          <FolderUp size={20} aria-hidden className="shrink-0 text-accent-text" />
          <span>Drop it here, or anywhere on this window</span>
          <Button kind="primary" onClick={() => ui.publish()}>
            Publish…
          </Button>
        </div>
      </Step>
      <Step
        title="Open a friend’s link"
        text="Paste it here, or anywhere on this window. You look around at once, and take what you want."
        done={friends}
      >
        <OpenField id="first-link" label="A friend’s link" />
      </Step>
      {all && <Step title="Know what stays on" text={<StaysOn />} />}
    </ol>
  )
}

type StepProps = {
  readonly title: string
  readonly text: ReactNode
  /** What has come of it. */
  readonly done?: ArchiveRow | undefined
  readonly children?: ReactElement
}

function Step({ title, text, done, children }: StepProps): ReactElement {
  return (
    <li className="flex flex-col gap-1 rounded-xl border border-line bg-raised px-4 py-3 shadow-card">
      <h3 className="flex items-center gap-2 text-md font-semibold">
        {title}
        {done !== undefined && (
          <>
            <Check size={16} aria-hidden className="text-good" />
            <span className="sr-only">, done</span>
          </>
        )}
      </h3>
      {done === undefined ? (
        <>
          <p className="text-pretty text-muted">{text}</p>
          {children && <div className="mt-2">{children}</div>}
        </>
      ) : (
        <p className="flex min-w-0 text-muted">
          <button
            type="button"
            className="flex min-h-6 max-w-full min-w-0 items-center rounded text-accent-text hover:underline"
            onClick={() => ui.openArchive(done.id)}
          >
            <FileName name={titleOf(done)} />
          </button>
        </p>
      )}
    </li>
  )
}

function StaysOn(): ReactElement {
  const preferences = useShellPreferences()
  return (
    <>
      {sayStaysOn(preferences)} <strong className="font-medium text-ink">Pause everything</strong>, at the foot of the
      library, stops all of it until you go on.
    </>
  )
}

/** The truth for this shell, and for how the person has set it. */
function sayStaysOn(preferences: ShellPreferences | null): string {
  if (!hasDesktop)
    return 'Closing this page stops nothing: Cairn goes on where it was started, and so does your sharing, until it is stopped there.'
  if (preferences === null) return ''
  if (preferences.closeToTray === true)
    return 'Close this window, and Cairn goes on in the tray, and so does your sharing. Quit, in the tray, ends it.'
  if (preferences.closeToTray === false)
    return 'Closing this window ends Cairn, and your sharing with it, because you have set it so. In the settings it can stay in the tray instead.'
  if (isMac) return 'Close this window, and Cairn goes on in the Dock, and so does your sharing. Quit ends it.'
  return 'Closing this window ends Cairn, and your sharing with it, since this desktop has no tray. Minimise it instead.'
}
