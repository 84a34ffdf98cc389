/** Links that the operating system hands over, in the ways in which the three systems do it, and archives out of its lists. */
import { app } from 'electron'
import { claimsLinks, isLink, LINK_SCHEMES, linkFromArguments } from './addresses.ts'
import { startAgain } from './again.ts'
import { archiveFromArguments } from './faces.ts'

/**
 * Has to be called before the app is ready: macOS may hand over a link by then. `again`: somebody started a second one; false:
 * this one is ending, and cannot take it.
 */
export function takeLinks({
  open,
  openArchive,
  again,
}: {
  readonly open: (link: string) => void
  readonly openArchive: (key: string) => void
  readonly again: () => boolean
}): void {
  const take = (args: readonly string[]) => {
    const link = linkFromArguments(args)
    if (link !== null) return open(link)
    const key = archiveFromArguments(args)
    if (key !== null) openArchive(key)
  }
  app.on('open-url', (event, url) => {
    event.preventDefault()
    if (isLink(url)) open(url)
  })
  app.on('second-instance', (_, args) => {
    if (again()) take(args.slice(1))
    else startAgain(args.slice(1))
  })
  take(process.argv.slice(1))
}

/**
 * Where nobody else does, links are opened by this program: what the person has chosen stays chosen. `script`: what Electron
 * itself was told to run, while it is not packed. Nothing stands between it and the link: what comes
 * after `--` is a command line, and Electron refuses Chromium's switches after a link by itself.
 */
export function registerLinkHandler(script: string | null): void {
  for (const scheme of LINK_SCHEMES)
    if (claimsLinks(app.getApplicationNameForProtocol(`${scheme}://`), process.env))
      app.setAsDefaultProtocolClient(scheme, process.execPath, script === null ? [] : [script])
}
