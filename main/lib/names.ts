/**
 * Which paths of an archive may be written to a disk. An archive's author may be anyone, so a name that the target
 * platform would read in another way than it is written is refused and listed, never repaired: what is on the disk is
 * then exactly what was published, and always below the folder that the person chose. Pure: touches no disk.
 */
import { posix, win32 } from 'node:path'
import type { SkipReason } from '../../preload/contract/models.ts'

/** Why a path is left out, in the words of the list that the person gets. */
export type Refusal = { readonly reason: SkipReason; readonly detail: string }

const DEEPEST = 64
const LONGEST_SEGMENT = 255

const WINDOWS_DEVICE = /^(con|prn|aux|nul|conin\$|conout\$|clock\$|com[0-9¹²³]|lpt[0-9¹²³])\s*(\..*)?$/i
const WINDOWS_FORBIDDEN = /[<>:"|?*\\\0-\x1f]/

const utf8 = new TextEncoder()

/** The rules of one platform. What Linux and macOS can hold is taken as it is; Windows has rules of its own. */
export class NamePolicy {
  readonly #windows: boolean
  /** Two spellings of one name are one file there. */
  readonly foldsNames: boolean

  constructor(platform: NodeJS.Platform) {
    this.#windows = platform === 'win32'
    this.foldsNames = platform === 'win32' || platform === 'darwin'
  }

  /** null: this archive path (`/` and segments) can be written under that very name. */
  check(path: string): Refusal | null {
    if (!path.startsWith('/')) return notAllowed('The path does not begin with /.')
    const segments = path.slice(1).split('/')
    if (segments.length > DEEPEST) return { reason: 'too-deep', detail: `More than ${DEEPEST} folders deep.` }
    for (const segment of segments) {
      const refusal = this.#checkSegment(segment)
      if (refusal) return refusal
    }
    return null
  }

  /** null: a link at `path` to `target` stays inside, whatever else the archive holds. Says nothing about `path` itself. */
  checkTarget(path: string, target: string): Refusal | null {
    if (target === '' || target.includes('\0')) return outside('The link points nowhere.')
    if (/\p{Surrogate}/u.test(target)) return notUtf8
    if (this.#windows ? win32.isAbsolute(target) || /^[a-z]:/i.test(target) : target.startsWith('/')) {
      return outside('The link is absolute.')
    }
    let climbs = path.split('/').length - 2
    let descended = false
    for (const segment of target.split(this.#windows ? /[/\\]/ : '/')) {
      if (segment === '' || segment === '.') continue
      // After a name, which may be another link, `..` leads to where that one points from: nobody can tell where.
      if (segment === '..' && (descended || --climbs < 0)) return outside('The link leaves the archive.')
      if (segment === '..') continue
      descended = true
      const refusal = this.#checkSegment(segment)
      if (refusal) return refusal
    }
    return null
  }

  /** Where a checked path lies below the folder `root`. Throws for a path that `check` refuses. */
  localPath(root: string, path: string): string {
    const refusal = this.check(path)
    if (refusal) throw new Error(`Not a path for a disk: ${refusal.detail}`)
    return (this.#windows ? win32 : posix).join(root, ...path.slice(1).split('/'))
  }

  /** Equal for names that are one file on this platform. */
  fold(name: string): string {
    return this.foldsNames ? name.normalize('NFC').toLowerCase().toUpperCase().normalize('NFC') : name
  }

  #checkSegment(segment: string): Refusal | null {
    if (segment === '') return notAllowed('A name is empty.')
    if (segment === '.' || segment === '..') return notAllowed('. and .. are not names.')
    if (segment.includes('\0')) return notAllowed('The name holds the character NUL.')
    if (/\p{Surrogate}/u.test(segment)) return notUtf8
    const length = this.#windows ? segment.length : utf8.encode(segment).byteLength
    if (length > LONGEST_SEGMENT) {
      return notAllowed(`The name is longer than ${LONGEST_SEGMENT} ${this.#windows ? 'characters' : 'bytes'}.`)
    }
    return this.#windows ? checkWindows(segment) : null
  }
}

/** For a zip, which is unpacked who knows where: without what would be a way out of a folder on another system. */
export class ZipNamePolicy extends NamePolicy {
  override check(path: string): Refusal | null {
    const refusal = super.check(path)
    if (refusal !== null) return refusal
    if (path.includes('\\')) return notAllowed('Other systems take \\ for the end of a folder’s name.')
    if (/^\/[a-z]:/i.test(path)) return notAllowed('Other systems take this for a drive.')
    return /[\0-\x1f\x7f]/.test(path) ? notAllowed('The name holds a control character.') : null
  }
}

function checkWindows(segment: string): Refusal | null {
  const forbidden = WINDOWS_FORBIDDEN.exec(segment)?.[0]
  if (forbidden !== undefined) {
    return notAllowed(
      forbidden < ' ' ? 'Windows takes no control characters in a name.' : `Windows takes no ${forbidden} in a name.`,
    )
  }
  if (/[. ]$/.test(segment)) return notAllowed('Windows drops a full stop or a space at the end of a name.')
  if (WINDOWS_DEVICE.test(segment)) return notAllowed('The name belongs to a device on Windows.')
  return null
}

/**
 * The paths that one job writes. Two that the platform takes for one file, or one that is a file here and a folder
 * there (an archive can hold both), do not both come through: the first one wins.
 */
export class NameClaims {
  readonly #policy: NamePolicy
  readonly #claimed = new Map<string, { readonly spelling: string; readonly kind: 'file' | 'folder' | 'link' }>()

  constructor(policy: NamePolicy) {
    this.#policy = policy
  }

  /** null: the path and the folders above it are this job's to write. Claims nothing when it refuses. */
  claim(path: string, kind: 'file' | 'folder' | 'link'): Refusal | null {
    const refusal = this.#policy.check(path)
    if (refusal) return refusal
    const above: string[] = []
    for (let end = path.indexOf('/', 1); end !== -1; end = path.indexOf('/', end + 1)) above.push(path.slice(0, end))
    const wanted = [...above.map(spelling => ({ spelling, kind: 'folder' as const })), { spelling: path, kind }]
    const fresh: [string, { spelling: string; kind: 'file' | 'folder' | 'link' }][] = []
    for (const want of wanted) {
      const folded = this.#policy.fold(want.spelling)
      const there = this.#claimed.get(folded)
      if (!there) fresh.push([folded, want])
      else if (there.kind === 'link' && want.spelling !== path)
        return { reason: 'under-a-link', detail: `${there.spelling} is a link.` }
      else if (there.spelling !== want.spelling) return collides(`Here it would be the same as ${there.spelling}.`)
      else if (there.kind !== want.kind) return collides(`${there.spelling} is also a ${there.kind} in this archive.`)
    }
    for (const [folded, want] of fresh) this.#claimed.set(folded, want)
    return null
  }
}

const notAllowed = (detail: string): Refusal => ({ reason: 'name-not-allowed', detail })
const outside = (detail: string): Refusal => ({ reason: 'link-outside', detail })
const collides = (detail: string): Refusal => ({ reason: 'name-collides', detail })
const notUtf8: Refusal = { reason: 'name-not-utf8', detail: 'The name is not valid Unicode.' }
