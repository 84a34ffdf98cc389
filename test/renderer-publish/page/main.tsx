/** The three features by themselves, as app.tsx mounts them, over whatever backend the server of this page speaks for. */
import { CSPProvider } from '@base-ui/react/csp-provider'
import { type ReactElement, StrictMode, useEffect, useState } from 'react'
import { createRoot } from 'react-dom/client'
import type { Entry } from '../../../preload/contract/models.ts'
import { backend, startConnection, useConnection } from '../../../renderer/backend.ts'
import { FolderChooser } from '../../../renderer/features/chooser/chooser.tsx'
import { chooseFolder } from '../../../renderer/features/chooser/store.ts'
import { Preview } from '../../../renderer/features/preview/preview.tsx'
import { PublishSurface } from '../../../renderer/features/publish/publish.tsx'
import { publishing } from '../../../renderer/features/publish/store.ts'
import { toast, useToasts } from '../../../renderer/stores/toasts.ts'
import { provide } from '../../../renderer/stores/ui.ts'
import { Button } from '../../../renderer/ui/button.tsx'
import { Toasts } from '../../../renderer/ui/toasts.tsx'
import { TooltipProvider } from '../../../renderer/ui/tooltip.tsx'
import './page.css'

const query = new URLSearchParams(location.search)
document.documentElement.dataset.theme = query.get('theme') ?? 'light'
const archive = 'y'.repeat(52)

provide({
  publish: publishing.choose,
  publishPaths: publishing.openPaths,
  addTo: publishing.addTo,
  showRules: publishing.showRules,
  chooseFolder,
})

function Page(): ReactElement {
  const toasts = useToasts(state => state.shown)
  const path = query.get('preview')
  return (
    <div className="flex h-full flex-col bg-canvas">
      <header className="flex flex-wrap gap-2 border-b border-line bg-surface p-3">
        <h1 className="mr-auto text-lg font-semibold">Publish, preview, choose</h1>
        <Button onClick={publishing.choose}>Publish…</Button>
        <Button onClick={() => publishing.openPaths(['/home/ana/Holiday'])}>Publish Holiday</Button>
        <Button onClick={() => publishing.addTo(archive, '/photos')}>Add…</Button>
        <Button
          onClick={() => void chooseFolder('Choose a folder').then(folder => toast.note({ title: folder ?? 'none' }))}
        >
          Choose…
        </Button>
      </header>
      <main
        className={`min-h-0 flex-1 overflow-auto bg-surface p-4 ${query.has('large') ? '' : 'mx-auto w-full max-w-84'}`}
        data-drop-archive={query.has('drop') ? archive : undefined}
        data-drop-folder="/photos"
        data-drop-title="Ana’s pictures"
      >
        <div className={query.has('large') ? 'h-full' : 'h-60 overflow-hidden bg-sunken'}>
          {path !== null && <Shown path={path} />}
        </div>
      </main>
      <PublishSurface />
      <FolderChooser />
      <Toasts toasts={toasts} onDismiss={toast.dismiss} />
    </div>
  )
}

function Shown({ path }: { readonly path: string }): ReactElement | null {
  const [entry, setEntry] = useState<Entry | null>(null)
  const live = useConnection().name === 'live'
  useEffect(() => {
    if (live) void backend.read.entry({ key: archive, version: null, path }).then(setEntry)
  }, [live, path])
  return entry && <Preview archive={archive} version={null} entry={entry} large={query.has('large')} />
}

startConnection()
createRoot(document.getElementById('root') ?? document.body).render(
  <StrictMode>
    <CSPProvider disableStyleElements>
      <TooltipProvider>
        <Page />
      </TooltipProvider>
    </CSPProvider>
  </StrictMode>,
)
