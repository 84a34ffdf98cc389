/**
 * Where the window stands, kept from one start to the next. Displays come and go, so what was kept is only ever a wish:
 * the window always ends up where a person can take hold of it. Decisions only: tested without Electron.
 */

/** In pixels that do not depend on a display's density. */
export type Rectangle = { readonly x: number; readonly y: number; readonly width: number; readonly height: number }

/** Where it stood when it was neither maximized nor full screen, and which of them it was. */
export type WindowPlace = {
  readonly bounds: Rectangle
  readonly maximized: boolean
  readonly fullScreen: boolean
}

export const SMALLEST = { width: 600, height: 400 }
const USUAL = { width: 1180, height: 780 }

/** Of the bar at the window's top, so much has to be on a display, in both directions. */
const HOLD = { width: 120, height: 24 }

/**
 * `areas`: of each display what the system leaves to windows, the main one first; none at all counts as one that is large
 * enough. A window that can be taken hold of stays where it is, also when it reaches over several displays.
 */
export function placeWindow(kept: WindowPlace | null, areas: readonly Rectangle[]): WindowPlace {
  const [main] = areas
  if (main === undefined) return { ...USUALLY, bounds: { x: 0, y: 0, ...USUAL } }
  if (kept === null) return { ...USUALLY, bounds: centred(USUAL, main) }
  const home = nearest(kept.bounds, areas)
  const size = {
    width: within(
      kept.bounds.width,
      Math.min(SMALLEST.width, home.width),
      Math.max(home.width, spanOf(areas, 'width')),
    ),
    height: within(
      kept.bounds.height,
      Math.min(SMALLEST.height, home.height),
      Math.max(home.height, spanOf(areas, 'height')),
    ),
  }
  const wished = { x: kept.bounds.x, y: kept.bounds.y, ...size }
  return { ...kept, bounds: areas.some(area => canBeHeld(wished, area)) ? wished : centred(size, home) }
}

const USUALLY = { maximized: false, fullScreen: false }

/** Enough of its upper edge lies on this display, and none of it above. */
export function canBeHeld(window: Rectangle, area: Rectangle): boolean {
  const width = Math.min(window.x + window.width, area.x + area.width) - Math.max(window.x, area.x)
  return (
    width >= Math.min(HOLD.width, window.width, area.width) &&
    window.y >= area.y &&
    window.y + HOLD.height <= area.y + area.height
  )
}

/** In the middle of a display, and no larger than it. */
function centred(size: Pick<Rectangle, 'width' | 'height'>, area: Rectangle): Rectangle {
  const width = Math.min(size.width, area.width)
  const height = Math.min(size.height, area.height)
  return {
    x: area.x + Math.floor((area.width - width) / 2),
    y: area.y + Math.floor((area.height - height) / 2),
    width,
    height,
  }
}

/** The display that shows most of it, else the one whose middle is closest. */
function nearest(window: Rectangle, areas: readonly Rectangle[]): Rectangle {
  let best = areas[0]!
  for (const area of areas.slice(1)) {
    const more = overlap(window, area) - overlap(window, best)
    if (more > 0 || (more === 0 && distance(window, area) < distance(window, best))) best = area
  }
  return best
}

function overlap(a: Rectangle, b: Rectangle): number {
  const width = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x)
  const height = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y)
  return Math.max(0, width) * Math.max(0, height)
}

const distance = (a: Rectangle, b: Rectangle): number =>
  Math.hypot(a.x + a.width / 2 - b.x - b.width / 2, a.y + a.height / 2 - b.y - b.height / 2)

function spanOf(areas: readonly Rectangle[], side: 'width' | 'height'): number {
  const from = side === 'width' ? 'x' : 'y'
  return Math.max(...areas.map(area => area[from] + area[side])) - Math.min(...areas.map(area => area[from]))
}

const within = (value: number, least: number, most: number): number => Math.min(Math.max(value, least), most)

/** Chromium's own steps: each is a fifth larger or smaller; 0 is the page as it was drawn. */
const SMALLEST_ZOOM = -4
const LARGEST_ZOOM = 5

export const keptZoom = (level: number): number =>
  Number.isFinite(level) ? within(level, SMALLEST_ZOOM, LARGEST_ZOOM) : 0

/** After a turn of the wheel, in whole steps. */
export const nextZoom = (level: number, direction: 'in' | 'out'): number =>
  keptZoom(Math.round(keptZoom(level)) + (direction === 'in' ? 1 : -1))
