/** Which browser shows the page, and the first number of its version: what else it says of itself is nobody's business. Pure. */
import type { PageEngine } from '../../../preload/contract/models.ts'

/** Each calls itself what those below it are called as well. */
const SIGNS: readonly (readonly [name: PageEngine['name'], sign: RegExp])[] = [
  ['Electron', /\bElectron\/(\d{1,4})\b/],
  ['Edge', /\bEdg(?:A|iOS)?\/(\d{1,4})\b/],
  ['Opera', /\bOPR\/(\d{1,4})\b/],
  ['Firefox', /\bFirefox\/(\d{1,4})\b/],
  ['Chromium', /\b(?:Headless)?Chrom(?:e|ium)\/(\d{1,4})\b/],
  ['Safari', /\bVersion\/(\d{1,4})\b.* Safari\//],
]

export function pageEngine(userAgent: string): PageEngine {
  for (const [name, sign] of SIGNS) {
    const version = Number(sign.exec(userAgent)?.[1] ?? 0)
    if (version > 0) return { name, version }
  }
  return { name: 'another', version: null }
}
