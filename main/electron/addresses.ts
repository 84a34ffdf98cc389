/** What the desktop shell makes of addresses. Decisions only: tested without Electron. */

export const PAGE_SCHEME = 'app'
export const CONTENT_SCHEME = 'cairn-content'
export const PAGE_ORIGIN = `${PAGE_SCHEME}://cairn`
export const CONTENT_ORIGIN = `${CONTENT_SCHEME}://archive`

/** What Windows knows this program by, in its lists and for notifications; the packages are made under the same name. */
export const APP_ID = 'app.cairn.desktop'

/** The schemes that the operating system hands to us. */
export const LINK_SCHEMES = ['hyper', 'cairn'] as const

/**
 * Whether this start tells the system that it opens links. `handler`: the name of the program that does by now, as the system
 * says it; whoever that is, the person or an installer has chosen it. A portable program for Windows is gone from where it runs
 * when it ends, and leaves nothing behind.
 */
export const claimsLinks = (handler: string, environment: Readonly<Record<string, string | undefined>>): boolean =>
  handler.trim() === '' && !environment['PORTABLE_EXECUTABLE_FILE']

const LONGEST_LINK = 8192

/** Whether this is our own page, whatever stands after `#`: it alone is handed the ports. */
export function isOwnPage(address: string): boolean {
  const path = pathBelow(PAGE_ORIGIN, address)
  return path === '/' || path === '/index.html'
}

/** The path and query of an address on one of our origins; null: it is on another one. */
export function pathBelow(origin: string, address: string): string | null {
  try {
    const { protocol, host, username, password, port, pathname } = new URL(address)
    return `${protocol}//${host}` === origin && `${username}${password}${port}` === '' ? pathname || '/' : null
  } catch {
    return null
  }
}

/** What may be handed to the system's browser or mail program, after the person has seen the whole address. */
export function allowedExternal(address: string): boolean {
  try {
    const { protocol, username, password } = new URL(address)
    return (protocol === 'https:' && username === '' && password === '') || protocol === 'mailto:'
  } catch {
    return false
  }
}

/** The link among the arguments with which the system started us, or a second one of us; null: there is none. */
export function linkFromArguments(args: readonly string[]): string | null {
  for (const arg of args) {
    const link = unquoted(arg)
    if (isLink(link)) return link
  }
  return null
}

/** Whoever registers a program by hand on Windows or Linux easily ends up with the quotes in the argument. */
const unquoted = (arg: string): string => /^(["'])(.*)\1$/s.exec(arg.trim())?.[2]?.trim() ?? arg.trim()

/** Of one line: a link that breaks off in between was put together by somebody else. */
export const isLink = (text: string): boolean =>
  text.length <= LONGEST_LINK &&
  !/[\0-\x1f\x7f]/.test(text) &&
  LINK_SCHEMES.some(scheme => text.toLowerCase().startsWith(`${scheme}:`))

/** The page may put text on the clipboard and fill the screen; nothing else is asked for, so nothing else is granted. */
export const allowedPermission = (permission: string, address: string): boolean =>
  (permission === 'clipboard-sanitized-write' || permission === 'fullscreen') && address.startsWith(`${PAGE_ORIGIN}/`)

/** What the page saves: something that it made itself, or bytes of an archive. Chromium asks the person where to. */
export const allowedDownload = (address: string): boolean =>
  [`blob:${PAGE_ORIGIN}/`, `${CONTENT_ORIGIN}/`].some(start => address.startsWith(start))

/** A page of ours needs nothing from any network: what asks for it is not ours. */
export const allowedRequest = (address: string): boolean =>
  [`${PAGE_ORIGIN}/`, `${CONTENT_ORIGIN}/`, 'blob:', 'data:', 'devtools:'].some(start => address.startsWith(start))
