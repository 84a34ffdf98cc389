/** Starts the page: connection first, then what listens everywhere, then what is seen. */
import { createRoot } from 'react-dom/client'
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
        if (request.kind === 'open-link') ui.go({ view: 'ask', link: request.link })
        else if (request.kind === 'publish') ui.publish()
        else if (request.kind === 'show' && request.view === 'settings') ui.show('settings')
        else if (request.kind === 'show' && request.view === 'home') ui.go({ view: 'home' })
        else if (request.kind === 'show') ui.go({ view: 'transfers' })
        else if (request.kind === 'changes') ui.openChanges(request.key)
        else focusOpenField()
      }
    } catch {
      // The shell went away with the backend: both come back together.
    }
    await new Promise(resolve => setTimeout(resolve, 500))
  }
}

function focusOpenField(): void {
  ui.toggleLibrary(true)
  requestAnimationFrame(() => document.getElementById('open-link')?.focus())
}
