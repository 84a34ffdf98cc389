/** Links that the operating system hands over, in the three ways in which the three systems do it. */
import { resolve } from 'node:path'
import { app } from 'electron'
import { isLink, LINK_SCHEMES, linkFromArguments } from './addresses.ts'

/** Has to be called before the app is ready: macOS may hand over a link by then. `again`: somebody started a second one. */
export function takeLinks({
  open,
  again,
}: {
  readonly open: (link: string) => void
  readonly again: () => void
}): void {
  app.on('open-url', (event, url) => {
    event.preventDefault()
    if (isLink(url)) open(url)
  })
  app.on('second-instance', (_, args) => {
    again()
    const link = linkFromArguments(args)
    if (link !== null) open(link)
  })
  const link = linkFromArguments(process.argv.slice(1))
  if (link !== null) open(link)
}

export function registerLinkHandler(): void {
  const [, script] = process.argv
  for (const scheme of LINK_SCHEMES) {
    if (!process.defaultApp) app.setAsDefaultProtocolClient(scheme)
    else if (script !== undefined) app.setAsDefaultProtocolClient(scheme, process.execPath, [resolve(script)])
  }
}
