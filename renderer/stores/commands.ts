/** What a person can do to an archive, from a menu, a button, a key or the palette: one function each. */
import { AppError, type ErrorData } from '../../preload/contract/errors.ts'
import type { ArchiveKey, ArchiveRow, Entry, Skipped } from '../../preload/contract/models.ts'
import { backend, connectionStore, contentUrl } from '../backend.ts'
import { allowNotices, canReveal, shell } from '../shell.ts'
import { count, number } from '../ui/format.ts'
import { said } from '../ui/message-field.tsx'
import { plainName } from '../ui/names.ts'
import { nameOf } from './location.ts'
import { archives, settings, titleOf } from './mirrors.ts'
import { attempt, toast } from './toasts.ts'
import { ui, uiStore } from './ui.ts'

const LINK = /(?:hyper|cairn|pear):\/\/[^\s<>"'“”]+/i

/** The link in what people paste: as it stands, or the one in a message such as our own invitation. null: there is none. */
export function linkIn(text: string): string | null {
  if (/^[\s<"'“(]*(?:(?:hyper|cairn|pear|dat):|[ybndrfg8ejkmcpqxot1uwisza345h769]{52}\b|[0-9a-f]{64}\b)/i.test(text))
    return text
  return LINK.exec(text)?.[0] ?? null
}

/** What was said of the last link that could not be opened: it is over when another one is. */
let lastRefusal: number | null = null

/**
 * Looks a link up, after the person has once agreed to be seen by peers: what is no link is refused before they are asked.
 * True: its page is open. Throws why it is not, for who says that where the link was typed.
 */
export async function lookUp(text: string): Promise<boolean> {
  const link = linkIn(text) ?? text
  await backend.archives.readLink({ link })
  if (!(await ui.askConsent())) return false
  const { key, version, path, pin } = await backend.archives.open({ link })
  ui.openArchive(key, path, version, pin)
  if (lastRefusal !== null) toast.dismiss(lastRefusal)
  lastRefusal = null
  return true
}

/** The same, for a link that was typed nowhere: a message says why it is not opened. */
export async function openLink(text: string): Promise<void> {
  if (lastRefusal !== null) toast.dismiss(lastRefusal)
  try {
    await lookUp(text)
  } catch (error) {
    lastRefusal = toast.error(error)
  }
}

/** Nothing is fetched or served any more, or all of it goes on. */
export const pauseEverything = (paused: boolean): void => attempt(() => backend.settings.update({ paused }))

export async function copyText(text: string, said: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text)
  } catch {
    copyWithSelection(text)
  }
  toast.done({ title: said })
}

/** For pages that may not use the clipboard's interface, such as one that has lost the focus. */
function copyWithSelection(text: string): void {
  const area = document.createElement('textarea')
  area.value = text
  area.setAttribute('aria-hidden', 'true')
  area.style.position = 'fixed'
  area.style.opacity = '0'
  document.body.append(area)
  area.select()
  document.execCommand('copy')
  area.remove()
}

const encodePath = (path: string) => path.split('/').map(encodeURIComponent).join('/')

/** The link to one entry: the path stands before the secret of a private archive. */
export function linkTo({ link }: Pick<ArchiveRow, 'link'>, path: string): string {
  const [address, secret] = link.split('#')
  const trimmed = (address ?? '').replace(/\/+$/, '')
  return `${trimmed}${path === '/' ? '' : encodePath(path)}${secret === undefined ? '' : `#${secret}`}`
}

export const copyLink = (row: ArchiveRow, path = '/'): void =>
  void copyText(linkTo(row, path), row.private ? 'Link copied, with its secret' : 'Link copied')

export const invitation = (row: Pick<ArchiveRow, 'ownership' | 'title' | 'id' | 'link'>): string =>
  `${row.ownership === 'yours' ? 'I am sharing' : 'Have a look at'} “${plainName(titleOf(row))}”: ${row.link}\n\n` +
  'To open it, get Cairn, a free app that passes folders straight from one machine to the other, and paste the link into it. ' +
  'It works while my machine, or somebody else who keeps a copy, is online.'

export const copyInvitation = (row: ArchiveRow): void => void copyText(invitation(row), 'Invitation copied')

/** A browser lets a page write to the clipboard for so long after a click, in milliseconds. */
const CLICKED = 4000

export function copyPinnedLink(key: ArchiveKey, version: number, path = '/'): void {
  attempt(async () => {
    const stop = new AbortController()
    const begun = performance.now()
    let told: number | null = null
    const slow = setTimeout(() => {
      told = toast.note({
        title: 'Making the pinned link',
        text: 'All of the list of this version is read for it, and fetched where it is not here.',
        action: { label: 'Stop', run: () => stop.abort() },
      })
    }, 1000)
    const { link } = await backend.archives.pinnedLink({ key, version, path }, { signal: stop.signal }).finally(() => {
      clearTimeout(slow)
      if (told !== null) toast.dismiss(told)
    })
    const copy = () => copyText(link, `Link to version ${version} copied`)
    if (performance.now() - begun < CLICKED) await copy()
    else toast.done({ title: 'The pinned link is made', action: { label: 'Copy', run: () => void copy() } })
  })
}

/** Downloads paths of one version into a folder that the person chooses. */
export const download = (key: ArchiveKey, version: number | null, paths: readonly string[]): void =>
  downloadVersions(key, [{ version, paths }])

/** The same for paths of several versions, which go into one folder. */
export function downloadVersions(
  key: ArchiveKey,
  parts: readonly { readonly version: number | null; readonly paths: readonly string[] }[],
): void {
  const all = parts.flatMap(({ paths }) => paths)
  attempt(async () => {
    const folder = await ui.chooseFolder(
      all.length > 1
        ? `Download ${count(all.length, 'item')} to`
        : all[0] === '/'
          ? 'Download everything to'
          : `Download ${plainName(nameOf(all[0] ?? '/'))} to`,
    )
    if (folder === null) return
    for (const { version, paths } of parts)
      for (let start = 0; start < paths.length; start += 10_000) {
        const some = paths.slice(start, start + 10_000)
        await backend.read.download({ key, version, paths: some, folder, overwrite: false })
      }
    toast.note({
      title: 'Download started',
      text: `To ${plainName(folder)}. Files of yours that stand in the way are left as they are, and listed.`,
      action: { label: 'Show transfers', run: () => ui.go({ view: 'transfers' }) },
    })
  })
}

/** In a browser: lets the browser itself save one file. */
export function saveWithBrowser(key: ArchiveKey, version: number | null, path: string): void {
  attempt(async () => {
    const { grant } = await backend.read.grant({ key, version })
    follow(contentUrl(connectionStore.getState().content, grant, path, { download: true }), nameOf(path))
  })
}

/** One file, and beside it the receipt that it was there in this version. What is missing of the file is fetched first. */
export function saveWithReceipt(row: ArchiveRow, version: number | null, path: string): void {
  const name = plainName(nameOf(path))
  attempt(async () => {
    const stop = new AbortController()
    const told = toast.note({
      title: `Making the receipt for ${name}`,
      text: 'What is missing of the file is fetched first.',
      action: { label: 'Stop', run: () => stop.abort() },
    })
    // The newest version now, for both of them.
    const at = { key: row.id, version: version ?? row.length, path }
    const receipt = await backend.read.receipt(at, { signal: stop.signal }).finally(() => toast.dismiss(told))
    const address = URL.createObjectURL(new Blob([receipt.text], { type: 'application/octet-stream' }))
    follow(address, receipt.name)
    setTimeout(() => URL.revokeObjectURL(address), 60_000)
    if (canSaveWithBrowser) saveWithBrowser(at.key, at.version, path)
    else download(at.key, at.version, [path])
    toast.done({
      title: `Receipt for ${name} saved`,
      text: 'Keep it with the file. Whoever has both can check them without any network: “Check a receipt…”, or cairn verify FILE RECEIPT.',
    })
  })
}

/** In a browser: lets the browser itself save one zip of these. What cannot be in it is listed in it. */
export function saveZipWithBrowser(row: ArchiveRow, version: number | null, paths: readonly string[]): void {
  attempt(async () => {
    const [only = '/'] = paths
    const title = paths.length === 1 && only !== '/' ? nameOf(only) : titleOf(row)
    const name = `${plainName(title).replace(/[/\\:*?"<>|]/g, '_') || 'archive'}.zip`
    // The newest version now, even if there is a newer one before the browser comes to ask for it.
    const { grant } = await backend.read.grant({ key: row.id, version: version ?? row.length, zip: paths })
    follow(contentUrl(connectionStore.getState().content, grant, name, { download: true }), name)
  })
}

/** A small file that is made here, saved as any other download. */
export function saveText(name: string, text: string): void {
  const address = URL.createObjectURL(new Blob([text], { type: 'application/json' }))
  follow(address, name)
  setTimeout(() => URL.revokeObjectURL(address), 60_000)
}

function follow(address: string, name: string): void {
  const link = document.createElement('a')
  link.href = address
  link.download = name
  link.target = '_blank'
  link.rel = 'noopener noreferrer'
  link.click()
}
export const canSaveWithBrowser = !canReveal

export function keep(row: ArchiveRow, yes: boolean): void {
  attempt(async () => {
    await backend.archives.keep({ key: row.id, keep: yes })
    toast.done(
      yes
        ? {
            title: `Keeping ${plainName(titleOf(row))}`,
            text: 'All of it is fetched, now and when it changes, and served on to others.',
          }
        : { title: 'Looking only', text: 'Only what you look at is fetched from now on. What is here already stays.' },
    )
  })
}

export function keepInFolder(row: ArchiveRow): void {
  attempt(async () => {
    const folder = await ui.chooseFolder(`Keep ${plainName(titleOf(row))} in`)
    if (folder === null) return
    await backend.archives.keepInFolder({ key: row.id, folder })
    toast.done({
      title: `Keeping ${plainName(titleOf(row))} in a folder`,
      text: `${plainName(folder)} follows the archive. What you change there yourself is kept beside.`,
    })
  })
}

/** A path of the archive as the pattern that means it and nothing else. */
export const patternOf = ({ path, kind }: Pick<Entry, 'path' | 'kind'>): string =>
  `${path.replace(/[\\*?[\]!#]/g, character => `\\${character}`).replace(/ $/, '\\ ')}${kind === 'folder' ? '/' : ''}`

/** Beside what is kept of it already. */
export function keepEntries(row: ArchiveRow, entries: readonly Entry[]): void {
  const before = row.keeping.how === 'parts' ? row.keeping.patterns : []
  const patterns = [...new Set([...before, ...entries.map(patternOf)])]
  attempt(async () => {
    await backend.archives.keepParts({ key: row.id, patterns })
    toast.done({
      title:
        entries.length === 1 ? `Keeping ${plainName(entries[0]!.name)}` : `Keeping ${count(entries.length, 'item')}`,
      text:
        entries.length === 1
          ? 'It is fetched, now and when it changes, and served on to others.'
          : 'They are fetched, now and when they change, and served on to others.',
      action: { label: 'What is kept…', run: () => ui.showKeeping({ name: 'parts', key: row.id }) },
    })
  })
}

/** Whether the changes of one archive are told. A browser is asked now, while the person knows what for. */
export function setNotify(row: ArchiveRow, notify: boolean): void {
  attempt(async () => {
    await backend.archives.setNotify({ key: row.id, notify })
    if (notify) await allowNotices()
    const title = plainName(titleOf(row))
    toast.done(
      notify
        ? {
            title: `You are notified of changes to ${title}`,
            text:
              settings.getState().byId.get('settings')?.notify === true
                ? ''
                : 'Notifications are switched off in the settings, for all archives.',
          }
        : { title: `No notifications of changes to ${title}`, text: 'They are counted in the library all the same.' },
    )
  })
}

/** What was freed of it is fetched again, and kept. */
export function getBack(row: ArchiveRow): void {
  attempt(async () => {
    await backend.availability.recall({ key: row.id })
    toast.done({
      title: `Getting ${plainName(titleOf(row))} back`,
      text: 'What was freed is fetched again, and kept as the rest.',
      action: { label: 'Show transfers', run: () => ui.go({ view: 'transfers' }) },
    })
  })
}

export function pauseArchive(row: ArchiveRow, paused: boolean): void {
  attempt(() => backend.archives.pause({ key: row.id, paused }))
}

export function pauseSource(row: ArchiveRow, paused: boolean): void {
  attempt(() => backend.publish.pause({ key: row.id, paused }))
}

/** What an archive of the person's own is made from lies elsewhere now: they say where. */
export function moveSource(row: ArchiveRow, from: string): void {
  attempt(async () => {
    const to = await ui.chooseFolder(`Where is ${plainName(nameOf(from))} now?`)
    if (to === null || to === from) return
    const move = (force: boolean) => backend.publish.moveSource({ key: row.id, from, to, force })
    try {
      await move(false)
    } catch (error) {
      if (!(error instanceof AppError) || !error.is('SOURCE_DIFFERS')) throw error
      const { found, of } = error.data as ErrorData['SOURCE_DIFFERS']
      const sure = await ui.confirm({
        title: 'This looks like another folder',
        text: `${plainName(to)} holds few of the files of this archive: ${number(found)} of ${number(of)}. If it is the right one all the same, what it has is added, and you are asked before anything that it lacks is removed.`,
        yes: 'Use it all the same',
      })
      if (!sure) return
      await move(true)
    }
    toast.done({
      title: `${plainName(titleOf(row))} is made from ${plainName(nameOf(to))} now`,
      text: `${plainName(to)} is followed. What had not changed was not read again.`,
    })
  })
}

/** `name`: what they are called. `folders`: some are folders. */
export type Restorable = {
  readonly parts: readonly { readonly version: number; readonly paths: readonly string[] }[]
  readonly name: string
  readonly folders: boolean
}

/**
 * Brings paths of earlier versions back: in an archive of the person's own as a new version, and where it follows a folder,
 * there; a friend's archive is downloaded. Then calls back.
 */
export function restore(row: ArchiveRow, { parts, name, folders }: Restorable, onDone: () => void = () => {}): void {
  const key = row.id
  if (row.ownership === 'friends') return downloadVersions(key, parts)
  const folder = row.source?.paths[0]
  const [only] = parts
  attempt(async () => {
    const then = parts.length === 1 && only !== undefined ? `in version ${number(only.version)}` : 'last'
    const message =
      folder === undefined
        ? ''
        : await ui.confirmSaying({
            title: `Restore ${plainName(name)}?`,
            text: `In ${plainName(folder)} it becomes what it was ${then}.${folders ? ' Files that were added since leave the folder.' : ''} What is there now is published first, so that all of it can be brought back.`,
            yes: 'Restore',
            message: parts.length === 1 && only !== undefined ? `Restored from version ${only.version}` : '',
          })
    if (message === null) return
    const done: { readonly version: number; readonly paths: readonly string[] }[] = []
    const left: Skipped[] = []
    let files = 0
    let isRunning = false
    for (const { version, paths } of parts) {
      const one = await backend.publish.restore({ key, version, paths, ...said(message) })
      done.unshift({ version: one.before, paths })
      left.push(...one.skipped)
      files += one.files
      isRunning ||= one.transfer !== null
    }
    onDone()
    const [first] = left
    const stayed =
      first && `${count(left.length, 'file')} left as now, such as ${plainName(first.path)}: ${first.detail}`
    if (files === 0 && stayed !== undefined) return toast.note({ title: 'Nothing was restored', text: stayed })
    if (files === 0)
      return toast.note({ title: 'Nothing to restore', text: `${plainName(name)} is now as it was then.` })
    if (isRunning)
      return toast.note({
        title: `Restoring ${plainName(name)}`,
        action: { label: 'Show transfers', run: () => ui.go({ view: 'transfers' }) },
      })
    toast.done({
      title: `Restored ${plainName(name)}`,
      ...(stayed === undefined ? {} : { text: stayed }),
      action: {
        label: 'Undo',
        run: () =>
          attempt(async () => {
            for (const { version, paths } of done) await backend.publish.restore({ key, version, paths })
            toast.done({ title: 'Undone' })
          }),
      },
    })
  })
}

export function forget(row: ArchiveRow): void {
  const title = plainName(titleOf(row))
  attempt(async () => {
    const sure = await ui.confirm(
      row.ownership === 'yours'
        ? {
            title: `Stop sharing ${title}?`,
            text: 'Cairn stops sharing it and deletes its store from this device. The files on your disk are not touched. Copies that others hold cannot be called back, and nobody, not even you, can change this archive again.',
            yes: 'Stop sharing and forget',
            dangerous: true,
          }
        : {
            title: `Forget ${title}?`,
            text: 'Cairn stops serving it and deletes what it holds of it. Files that you downloaded stay, and so do the copies of others. With its link you can open it again.',
            yes: 'Forget',
            dangerous: true,
          },
    )
    if (!sure) return
    const { place } = uiStore.getState()
    await backend.archives.forget({ key: row.id })
    if (place.view === 'archive' && place.key === row.id) ui.go({ view: 'home' })
    toast.done({ title: `${title} is forgotten` })
  })
}

export function reveal(path: string): void {
  attempt(() => shell.reveal({ path }))
}

/** A browser is asked now whether it may show notifications, while the person knows what for. */
export function tellWhenFound(row: ArchiveRow, tell: boolean): void {
  attempt(async () => {
    await backend.archives.tellWhenFound({ key: row.id, tell })
    if (tell) await allowNotices()
  })
}

/** Once per archive and length: the person has its changes up to there before their eyes, or that it was found. */
export function markSeen(row: ArchiveRow, length: number): void {
  const known = archives.getState().byId.get(row.id)
  if (known === undefined || (length <= known.seenLength && !known.watched?.foundAt)) return
  backend.archives.markSeen({ key: row.id, length }).catch(() => {
    // Nothing to say: the mark stays, and is set the next time.
  })
}
