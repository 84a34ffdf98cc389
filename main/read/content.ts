/**
 * Content of archives for `<img>`, `<video>`, fetch and downloads: one function from Request to Response, for http and
 * for Electron's protocol alike. It is never on the page's origin, nothing in it runs, and its address cannot be
 * guessed: a grant stands for one archive at one version.
 */
import { randomBytes } from 'node:crypto'
import type Hyperdrive from 'hyperdrive'
import { Mime } from 'mime'
import otherTypes from 'mime/types/other.js'
import standardTypes from 'mime/types/standard.js'
import { AppError } from '../../preload/contract/errors.ts'
import type { Archives } from '../archives/archives.ts'
import { readAsTaken } from './ahead.ts'
import { readBlob } from './blob.ts'
import { type ArchiveFile, nameOf, nodeAt, readEntry } from './entries.ts'
import { planZip } from './zipping.ts'

/** Older grants are dropped beyond this; the page asks for new ones. */
const MAX_GRANTS = 10_000
/** Files of which it is remembered where their bytes are: a player asks for one of them again and again. */
const MAX_FILES = 1000

/** Code is text here, whatever a browser would like to make of it; and `.ts` is no video. */
const mime = new Mime(standardTypes, otherTypes)
const TEXT =
  /\.(html?|xhtml|xml|xsl|js|mjs|cjs|jsx|tsx?|mts|cts|css|json|map|md|markdown|txt|log|csv|tsv|ya?ml|toml|ini|conf|sh|bash|zsh|bat|ps1|py|rb|rs|go|java|c|h|cc|cpp|hpp|cs|swift|kt|php|pl|lua|sql|r|tex|srt|vtt|diff|patch|wasm\.txt)$/i
const SHOWN = /^(image|audio|video|font)\/|^application\/pdf$/

/** `paths` null: each file by its own address; otherwise a zip of these, whatever the rest of the address says. */
type Grant = { readonly key: string; readonly version: number | null; readonly paths: readonly string[] | null }

const SECURITY = {
  'content-security-policy':
    "sandbox; default-src 'none'; img-src data:; style-src 'unsafe-inline'; form-action 'none'",
  'x-content-type-options': 'nosniff',
  'cross-origin-resource-policy': 'cross-origin',
  'referrer-policy': 'no-referrer',
} as const

export class Content {
  readonly #archives: Archives
  readonly #grants = new Map<string, Grant>()
  readonly #byArchive = new Map<string, string>()
  readonly #files = new Map<string, ArchiveFile>()

  constructor(archives: Archives) {
    this.#archives = archives
  }

  /** Throws ARCHIVE_NOT_FOUND. The same archive, version and paths get the same grant. */
  grant(key: string, version: number | null, paths: readonly string[] | null = null): string {
    this.#archives.get(key)
    const wanted: Grant = { key, version, paths }
    const id = idOf(wanted)
    const known = this.#byArchive.get(id)
    if (known !== undefined) return known
    const grant = randomBytes(24).toString('base64url')
    this.#grants.set(grant, wanted)
    this.#byArchive.set(id, grant)
    if (this.#grants.size > MAX_GRANTS) {
      const [oldest, dropped] = this.#grants.entries().next().value!
      this.#grants.delete(oldest)
      this.#byArchive.delete(idOf(dropped))
    }
    return grant
  }

  async respond(request: Request): Promise<Response> {
    if (request.method !== 'GET' && request.method !== 'HEAD') return plain(405, 'Only reading is possible here.')
    const url = new URL(request.url)
    const [, grantId = '', ...rest] = url.pathname.split('/')
    const grant = this.#grants.get(grantId)
    let path: string
    try {
      path = `/${rest.map(decodeURIComponent).join('/')}`
    } catch {
      return plain(404, 'There is no such file.')
    }
    if (grant === undefined) return plain(404, 'There is no such file.')
    try {
      if (grant.paths !== null) return await this.#zip(request, grant, grant.paths, nameOf(path))
      return await this.#file(request, grant, path, url.searchParams.has('download'))
    } catch (error) {
      if (!(error instanceof AppError)) throw error
      return plain(
        error.is('NOT_AVAILABLE')
          ? 504
          : error.is('PATH_NOT_FOUND') || error.is('VERSION_NOT_FOUND') || error.is('ARCHIVE_NOT_FOUND')
            ? 404
            : 409,
        error.message,
      )
    }
  }

  /** `name`: what the browser is to call it. */
  async #zip(request: Request, { key, version }: Grant, paths: readonly string[], name: string): Promise<Response> {
    const pinned = await this.#archives.verifyPin(key, version)
    const archive = this.#archives.get(key)
    const signal = AbortSignal.any([request.signal, this.#archives.life(key), pinned])
    const zip = await planZip(archive, version ?? archive.length, paths, signal)
    const headers = new Headers({
      ...SECURITY,
      'content-type': 'application/zip',
      'content-disposition': attachment(name === '' ? 'archive.zip' : name),
      'content-length': String(zip.length),
      'accept-ranges': 'none',
      'cache-control': 'private, no-store',
    })
    if (request.method === 'HEAD') return new Response(null, { headers })
    const bytes = zip.stream(signal)
    return new Response(streamOf(await bytes.next(), bytes), { headers })
  }

  async #file(request: Request, { key, version }: Grant, path: string, asDownload: boolean): Promise<Response> {
    const pinned = await this.#archives.verifyPin(key, version)
    const archive = this.#archives.get(key)
    const file = await this.#find(key, version, path)
    const tag = tagOf(archive.drive, file)
    const newer = request.headers.has('if-range') && request.headers.get('if-range') !== tag
    const range = newer ? null : parseRange(request.headers.get('range'), file.size)
    const headers = new Headers({
      ...SECURITY,
      ...typeOf(file, asDownload),
      'accept-ranges': 'bytes',
      'cache-control': 'private, no-cache',
      etag: tag,
    })
    if (request.headers.get('if-none-match') === tag) return new Response(null, { status: 304, headers })
    if (range === 'unsatisfiable') {
      headers.set('content-range', `bytes */${file.size}`)
      return new Response(null, { status: 416, headers })
    }
    const { start, length } = range ?? { start: 0, length: file.size }
    headers.set('content-length', String(length))
    if (range !== null) headers.set('content-range', `bytes ${start}-${start + length - 1}/${file.size}`)
    const status = range === null ? 200 : 206
    if (request.method === 'HEAD' || length === 0) return new Response(null, { status, headers })
    // The blobs core belongs to the archive, not to the snapshot: what is read outlives the snapshot's closing.
    const signal = AbortSignal.any([request.signal, this.#archives.life(key), pinned])
    const bytes =
      range === null
        ? readBlob(archive.drive, file, { start, length }, signal)
        : readAsTaken(archive.drive, file, { start, length }, signal)
    const first = await bytes.next()
    return new Response(streamOf(first, bytes), { status, headers })
  }

  async #find(key: string, version: number | null, path: string): Promise<ArchiveFile> {
    const archive = this.#archives.get(key)
    const id = `${key}+${archive.drive.core.fork}.${archive.blobs?.core.fork ?? 0}.${version ?? archive.length}${path}`
    const known = this.#files.get(id)
    if (known !== undefined) return known
    const file = await archive.at(version, async snapshot => {
      const node = await nodeAt(snapshot, path, { timeout: 20_000 })
      const entry = node === null ? null : await readEntry(snapshot, node)
      if (entry === null) throw new AppError('PATH_NOT_FOUND', 'There is no such file.', { key, path })
      if (entry.kind !== 'file')
        throw new AppError('PATH_NOT_FOUND', 'This is a link to another file, which is not followed.', { key, path })
      return entry
    })
    this.#files.set(id, file)
    if (this.#files.size > MAX_FILES) this.#files.delete(this.#files.keys().next().value!)
    return file
  }
}

/** The same for the same bytes of an archive, whatever they are called. */
function tagOf({ core, blobs }: Hyperdrive, { blob, size }: ArchiveFile): string {
  const place = blob === null ? 'empty' : `${blob.blockOffset}.${blob.blockLength}.${blob.byteOffset}.${size}`
  return `"${core.fork}.${blobs?.core.fork ?? 0}.${place}"`
}

/** One range, as players and viewers ask; several, or nonsense, get the whole file, which RFC 9110 allows. */
export function parseRange(
  header: string | null,
  size: number,
): { readonly start: number; readonly length: number } | 'unsatisfiable' | null {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? '')
  if (match === null || (match[1] === '' && match[2] === '')) return null
  const [, from = '', to = ''] = match
  const start = from === '' ? Math.max(0, size - Number(to)) : Number(from)
  const end = from === '' || to === '' ? size - 1 : Math.min(Number(to), size - 1)
  if (from !== '' && to !== '' && Number(to) < start) return null
  return start >= size || end < start ? 'unsatisfiable' : { start, length: end - start + 1 }
}

function typeOf({ path }: ArchiveFile, asDownload: boolean): Record<string, string> {
  const name = nameOf(path)
  const guessed = mime.getType(name) ?? 'application/octet-stream'
  const text = TEXT.test(name) || guessed.startsWith('text/')
  const shown = text || SHOWN.test(guessed)
  const type = text ? 'text/plain; charset=utf-8' : shown ? guessed : 'application/octet-stream'
  return { 'content-type': type, 'content-disposition': asDownload || !shown ? attachment(name) : 'inline' }
}

const attachment = (name: string) =>
  `attachment; filename*=UTF-8''${encodeURIComponent(name).replace(/['()*]/g, character => `%${character.charCodeAt(0).toString(16)}`)}`

const idOf = ({ key, version, paths }: Grant) =>
  `${key}+${version ?? ''}${paths === null ? '' : `+${paths.join('\0')}`}`

function streamOf(first: IteratorResult<Buffer>, rest: AsyncGenerator<Buffer>): ReadableStream<Uint8Array> {
  let pending: IteratorResult<Buffer> | null = first
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = pending ?? (await rest.next())
        pending = null
        if (done === true) controller.close()
        else controller.enqueue(value)
      },
      async cancel() {
        await rest.return(undefined)
      },
    },
    { highWaterMark: 1 },
  )
}

const plain = (status: number, text: string) =>
  new Response(text, { status, headers: { ...SECURITY, 'content-type': 'text/plain; charset=utf-8' } })
