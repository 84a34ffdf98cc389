/**
 * Cairn beside its window: the sign in the tray, the badge, the bar and the dot on the taskbar, recent archives in the lists of
 * the system, and the machine that is kept awake. What each of them shows is decided in `faces.ts`, `pictures.ts` and `menu-template.ts`.
 */
import { join } from 'node:path'
import {
  app,
  type BrowserWindow,
  Menu,
  type NativeImage,
  nativeImage,
  nativeTheme,
  powerSaveBlocker,
  Tray,
} from 'electron'
import { projectFolder } from '../lib/places.ts'
import {
  dockTemplate,
  jumpList,
  progressOf,
  sayNews,
  staysAwake,
  tooltipOf,
  type TrayLook,
  trayLook,
  traySign,
} from './faces.ts'
import { ownCommand } from '../login.ts'
import { type TrayActions, trayTemplate } from './menu-template.ts'
import { type Bitmap, drawDot, drawTray } from './pictures.ts'
import { NOTHING_YET, type ShellStatus } from './status.ts'

/** Blue, green, red. */
const DOT = [36, 119, 217] as const

export class Presence {
  readonly #actions: TrayActions
  readonly #script: string | null
  readonly #tray: Tray | null
  #pictures: ReadonlyMap<TrayLook, NativeImage>
  #status = NOTHING_YET
  #window: BrowserWindow | null = null
  #recent = ''
  #menu = ''
  #blocker: number | null = null

  /** `script`: what Electron itself was told to run, while it is not packed. */
  constructor(actions: TrayActions, script: string | null) {
    this.#actions = actions
    this.#script = script
    this.#pictures = trayPictures()
    this.#tray = this.#createTray()
    this.#showTray()
    nativeTheme.on('updated', () => {
      this.#pictures = trayPictures()
      this.#showTray()
    })
  }

  /** false: this desktop has none. */
  get hasTray(): boolean {
    return this.#tray !== null
  }

  show(status: ShellStatus, window: BrowserWindow): void {
    this.#status = status
    this.#window = window
    this.#showTray()
    this.#showBadge()
    this.#showRecent()
  }

  keepAwake(wanted: boolean): void {
    const needed = staysAwake(this.#status, wanted)
    if (needed === (this.#blocker !== null)) return
    if (this.#blocker !== null) powerSaveBlocker.stop(this.#blocker)
    this.#blocker = needed ? powerSaveBlocker.start('prevent-app-suspension') : null
  }

  #createTray(): Tray | null {
    try {
      const tray = new Tray(this.#pictures.get('away') ?? nativeImage.createEmpty())
      // On macOS a click opens the menu, and would show the window behind it as well.
      if (process.platform !== 'darwin') tray.on('click', this.#actions.show)
      return tray
    } catch {
      return null
    }
  }

  #showTray(): void {
    const picture = this.#pictures.get(trayLook(this.#status))
    if (picture !== undefined) this.#tray?.setImage(picture)
    this.#tray?.setToolTip(tooltipOf(this.#status))
    // One that is open would be taken away from under the pointer.
    const template = trayTemplate(this.#status, this.#actions)
    const text = JSON.stringify(template)
    if (text !== this.#menu) this.#tray?.setContextMenu(Menu.buildFromTemplate(template))
    this.#menu = text
  }

  #showBadge(): void {
    const { news } = this.#status
    if (process.platform === 'win32') {
      const { width, height, pixels } = drawDot(16, DOT)
      const dot = nativeImage.createFromBitmap(Buffer.from(pixels), { width, height })
      this.#window?.setOverlayIcon(news > 0 ? dot : null, news > 0 ? sayNews(news) : '')
    } else app.setBadgeCount(news)
    const progress = progressOf(this.#status)
    this.#window?.setProgressBar(progress, { mode: progress > 1 ? 'indeterminate' : 'normal' })
  }

  #showRecent(): void {
    const { recent } = this.#status
    const text = JSON.stringify(recent)
    if (text === this.#recent) return
    this.#recent = text
    const open = (key: string) => this.#actions.request({ kind: 'archive', key })
    if (process.platform === 'darwin') app.dock?.setMenu(Menu.buildFromTemplate(dockTemplate(recent, open)))
    if (process.platform !== 'win32') return
    const removed = app.getJumpListSettings().removedItems.map(({ args = '' }) => args)
    // Windows may refuse all of it: then it stays as it was.
    const [program] = ownCommand(process.execPath, null, process.env)
    app.setJumpList(jumpList(recent, program, this.#script, removed))
  }
}

function trayPictures(): ReadonlyMap<TrayLook, NativeImage> {
  const { platform } = process
  const isPanelDark = platform === 'win32' && nativeTheme.shouldUseDarkColorsForSystemIntegratedUI
  const sign = nativeImage.createFromPath(join(projectFolder(), 'resources', traySign(platform, isPanelDark)))
  const looks: readonly TrayLook[] = ['sharing', 'paused', 'away']
  return new Map(looks.map(look => [look, redrawn(sign, look, platform === 'darwin')]))
}

/** At every density that there is a picture for. */
function redrawn(sign: NativeImage, look: TrayLook, isTemplate: boolean): NativeImage {
  if (look === 'sharing' || sign.isEmpty()) return sign
  const image = nativeImage.createEmpty()
  for (const scaleFactor of sign.getScaleFactors()) {
    const pixels = new Uint8Array(sign.toBitmap({ scaleFactor }))
    const side = Math.sqrt(pixels.length / 4)
    if (!Number.isInteger(side)) return sign
    const bitmap: Bitmap = { width: side, height: side, pixels }
    const drawn = drawTray(bitmap, look)
    image.addRepresentation({ scaleFactor, width: side, height: side, buffer: Buffer.from(drawn.pixels) })
  }
  image.setTemplateImage(isTemplate)
  return image
}
