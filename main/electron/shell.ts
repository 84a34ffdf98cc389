/** What the desktop can do for the page beside the backend: dialogs, the file manager, notifications. */
import { join } from 'node:path'
import { type BrowserWindow, dialog, nativeImage, shell } from 'electron'
import { AppError } from '../../preload/contract/errors.ts'
import type { ShellContract } from '../../preload/contract/index.ts'
import type { Handlers } from '../../preload/wire/serve.ts'
import { allowedExternal } from './addresses.ts'
import { sourceChoices } from './closing.ts'
import type { DragOut } from './drag-out.ts'
import { showNotice } from './notices.ts'
import type { Preferring } from './preferring.ts'
import type { Requests } from './requests.ts'
import { runtimes } from '../lib/licences.ts'
import { projectFolder } from '../lib/places.ts'
import { showWindow } from './window.ts'

export const createShellHandlers = (
  window: () => BrowserWindow,
  requests: Requests,
  preferring: Preferring,
  dragOut: DragOut,
): Handlers<ShellContract> => ({
  async chooseFolder({ title }) {
    const { filePaths } = await dialog.showOpenDialog(window(), {
      title,
      properties: ['openDirectory', 'createDirectory'],
    })
    return { path: filePaths[0] ?? null }
  },
  async chooseSources({ title }) {
    const { filePaths } = await dialog.showOpenDialog(window(), { title, properties: sourceChoices(process.platform) })
    return { paths: filePaths }
  },
  reveal: ({ path }) => shell.showItemInFolder(path),
  async showLicence({ of }) {
    const path = (await runtimes()).find(({ name }) => name === of)?.path ?? null
    if (path === null) return
    // A machine that has no program for it says so.
    if ((await shell.openPath(path)) !== '') shell.showItemInFolder(path)
  },
  async openExternal({ url }) {
    if (!allowedExternal(url)) {
      const issues = [{ path: 'url', message: 'https and mailto only' }]
      throw new AppError('INVALID_INPUT', 'This kind of address is not opened', { issues })
    }
    await shell.openExternal(url)
  },
  notify({ title, body, key }) {
    showNotice({ title, body }, () => {
      showWindow(window())
      requests.push(key === null ? { kind: 'show', view: 'home' } : { kind: 'changes', key })
    })
  },
  watchRequests: (_, signal) => requests.watch(signal),
  async prepareDrag(wanted, { signal, emit }) {
    const { id, files } = await dragOut.prepare(wanted, signal, emit)
    return { drag: id, files }
  },
  async startDrag({ drag }) {
    const files = await dragOut.files(drag)
    window().webContents.startDrag({ file: files[0] ?? '', files: [...files], icon: dragPicture() })
  },
  watchPreferences: (_, signal) => preferring.watch(signal),
  prefer: change => preferring.update(change),
})

/** Ours, whatever is dragged: the system's own would be read out of files that come from others. macOS wants one. */
const dragPicture = () =>
  nativeImage.createFromPath(join(projectFolder(), 'resources', 'icon.png')).resize({ width: 32 })
