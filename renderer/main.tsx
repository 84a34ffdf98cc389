/** Starts the page: connection first, then what listens everywhere, then what is seen. */
import { createRoot } from 'react-dom/client'
import { assertNever } from '../preload/contract/errors.ts'
import type { ShellRequest } from '../preload/contract/index.ts'
import { App } from './app.tsx'
import { connected, startConnection } from './backend.ts'
import { chooseFolder } from './features/chooser/store.ts'
import { publishing } from './features/publish/store.ts'
import { startKeyboard } from './keyboard.ts'
import { startNotices } from './notices.ts'
import { shell } from './shell.ts'
import { knownSettings, settings } from './stores/mirrors.ts'
import { prefer, preferences, startTheme } from './stores/preferences.ts'
import { consentIsKnownBy, provide, startLocation, ui } from './stores/ui.ts'
import './styles.css'

startTheme()
startConnection()
startLocation()
provide({
  publish: () => publishing.choose(),
  publishPaths: paths => publishing.openPaths(paths),
  addTo: (key, folder) => publishing.addTo(key, folder),
  showRules: key => publishing.showRules(key),
  chooseFolder,
})
consentIsKnownBy(async () => (await knownSettings()).consented)
settings.subscribe(({ byId }) => {
  const theme = byId.get('settings')?.theme
  if (theme !== undefined && theme !== preferences.getState().theme) prefer({ theme })
})
startKeyboard()
startNotices()
void followShell()

const root = document.getElementById('root')
if (root !== null) createRoot(root).render(<App />)

/** What the desktop asks of the page: a link from the operating system, a command from the menu. */
async function followShell(): Promise<void> {
  const forever = new AbortController().signal
  while (true) {
    try {
      await connected(forever)
      for await (const request of shell.watchRequests(undefined, { signal: forever })) {
        answer(request)
      }
    } catch {
      // The shell went away with the backend: both come back together.
    }
    await new Promise(resolve => setTimeout(resolve, 500))
  }
}

function answer(request: ShellRequest): void {
  switch (request.kind) {
    case 'open-link':
      return ui.go({ view: 'ask', link: request.link })
    case 'publish':
      return ui.publish()
    case 'paste-link':
      return focusOpenField()
    case 'changes':
      return ui.openChanges(request.key)
    case 'archive':
      return ui.openArchive(request.key)
    case 'show':
      return show(request.view)
    default:
      return assertNever(request)
  }
}

function show(view: (ShellRequest & { kind: 'show' })['view']): void {
  switch (view) {
    case 'home':
    case 'transfers':
    case 'network':
    case 'about':
      return ui.go({ view })
    case 'settings':
    case 'shortcuts':
    case 'diagnostics':
      return ui.show(view)
    default:
      return assertNever(view)
  }
}

function focusOpenField(): void {
  ui.toggleLibrary(true)
  requestAnimationFrame(() => document.getElementById('open-link')?.focus())
}
