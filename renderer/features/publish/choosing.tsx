/** In a browser: the three ways to say what to publish, and how they differ. */
import { Files, FolderInput, FolderSync } from 'lucide-react'
import { type ReactElement, type ReactNode, useRef } from 'react'
import { attempt } from '../../stores/toasts.ts'
import { Dialog } from '../../ui/dialog.tsx'
import { surface, usePublishing } from './store.ts'

export function Choosing(): ReactElement {
  const open = usePublishing(state => state.step.name === 'choosing')
  const adding = usePublishing(state => state.into !== null)
  const folder = useRef<HTMLInputElement>(null)
  const files = useRef<HTMLInputElement>(null)
  const picker = (ref: typeof files, directory: boolean) => (
    <input
      ref={element => {
        ref.current = element
        if (element !== null) element.webkitdirectory = directory
      }}
      type="file"
      multiple
      hidden
      aria-label={directory ? 'A folder' : 'Files'}
      onChange={event => {
        surface.openPicked(event.currentTarget.files ?? [])
        event.currentTarget.value = ''
      }}
    />
  )
  return (
    <>
      {picker(folder, true)}
      {picker(files, false)}
      <Dialog
        open={open}
        onClose={surface.cancel}
        title={adding ? 'What do you want to add?' : 'What do you want to publish?'}
        description="You can also drop files and folders anywhere on this window."
      >
        <div className="flex flex-col gap-2">
          {!adding && (
            <Way
              icon={<FolderSync size={20} />}
              title="A folder that stays live"
              hint="Found by its path, on the computer where Cairn runs. What you change in it later reaches your friends."
              onClick={() => attempt(surface.chooseByPath)}
            />
          )}
          <Way
            icon={<FolderInput size={20} />}
            title="A copy of a folder"
            hint="Picked through the browser and copied into Cairn. Later changes are not followed."
            onClick={() => folder.current?.click()}
          />
          <Way
            icon={<Files size={20} />}
            title="Copies of files"
            hint="One or several, picked through the browser."
            onClick={() => files.current?.click()}
          />
        </div>
      </Dialog>
    </>
  )
}

type WayProps = {
  readonly icon: ReactNode
  readonly title: string
  readonly hint: string
  readonly onClick: () => void
}

function Way({ icon, title, hint, onClick }: WayProps): ReactElement {
  return (
    <button
      type="button"
      onClick={onClick}
      className="flex items-start gap-3 rounded-lg border border-line p-3 text-left hover:bg-hover active:bg-pressed"
    >
      <span aria-hidden className="mt-0.5 shrink-0 text-accent-text">
        {icon}
      </span>
      <span className="min-w-0">
        <span className="block text-md font-medium">{title}</span>
        <span className="block text-muted text-pretty">{hint}</span>
      </span>
    </button>
  )
}
