/**
 * Small pictures that are computed: how the sign in the tray changes, and the dot on the taskbar. In the layout of Electron's
 * bitmaps, four bytes a pixel, the last one of which is how opaque it is; colours are premultiplied. Knows no Electron.
 */
import type { TrayLook } from './faces.ts'

export type Bitmap = { readonly width: number; readonly height: number; readonly pixels: Uint8Array }

/** How much of the sign is left where nothing is shared. */
const FAINT = 0.45

/** The same sign: as it is, fainter, or fainter with two bars before it, in the colour that it has itself. */
export function drawTray(sign: Bitmap, look: TrayLook): Bitmap {
  if (look === 'sharing') return sign
  const pixels = new Uint8Array(sign.pixels.map(value => Math.round(value * FAINT)))
  const faint = { ...sign, pixels }
  if (look === 'paused') drawBars(faint, inkOf(sign))
  return faint
}

/** Two bars in the lower right quarter, with a gap around them, so that they are seen at 16 pixels. */
function drawBars({ width, height, pixels }: Bitmap, ink: readonly number[]): void {
  const unit = Math.max(1, Math.round(Math.min(width, height) / 16))
  const bars = { left: width - 7 * unit, right: width, top: height - 8 * unit, bottom: height }
  for (let y = Math.max(0, bars.top - unit); y < bars.bottom; y++) {
    for (let x = Math.max(0, bars.left - unit); x < bars.right; x++) {
      const column = Math.floor((x - bars.left) / unit)
      const inBar = y >= bars.top && x >= bars.left && (column === 0 || column === 1 || column === 4 || column === 5)
      pixels.set(inBar ? ink : [0, 0, 0, 0], (y * width + x) * 4)
    }
  }
}

/** The colour of its most opaque pixel, made wholly opaque. */
function inkOf({ pixels }: Bitmap): readonly number[] {
  let best = 0
  for (let at = 0; at < pixels.length; at += 4) if (pixels[at + 3]! > pixels[best + 3]!) best = at
  const opacity = pixels[best + 3] ?? 0
  if (opacity === 0) return [0, 0, 0, 255]
  return [0, 1, 2].map(channel => Math.min(255, Math.round((pixels[best + channel]! * 255) / opacity))).concat(255)
}

/** A disc with a soft edge. `colour`: blue, green, red, as bitmaps have them on Windows, where this is used. */
export function drawDot(size: number, colour: readonly [blue: number, green: number, red: number]): Bitmap {
  const pixels = new Uint8Array(size * size * 4)
  const middle = (size - 1) / 2
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      const opacity = Math.min(1, Math.max(0, size / 2 - Math.hypot(x - middle, y - middle)))
      pixels.set([...colour.map(value => Math.round(value * opacity)), Math.round(255 * opacity)], (y * size + x) * 4)
    }
  }
  return { width: size, height: size, pixels }
}
