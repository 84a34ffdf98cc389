/**
 * Which preview a file gets. The name only proposes; for everything that would be shown as text the first bytes
 * decide, so that a film called `notes.txt` is shown as the bytes that it is.
 */
export type PreviewKind = 'image' | 'audio' | 'video' | 'pdf' | 'markdown' | 'table' | 'code' | 'text' | 'unknown'

const EXTENSIONS: { readonly [K in Exclude<PreviewKind, 'unknown'>]: string } = {
  image: 'apng avif bmp gif ico jfif jpe jpeg jpg pjp pjpeg png svg webp',
  audio: 'aac flac m4a mp3 oga ogg opus wav weba',
  video: 'm4v mkv mov mp4 ogv webm',
  pdf: 'pdf',
  markdown: 'markdown md mdown mkd',
  table: 'csv tab tsv',
  code:
    'astro bash bat c cc cjs clj cmake cpp cs css cts cxx dart diff el elm erl ex exs fish fs glsl go gradle graphql h hpp hs htm html ' +
    'ini java jl js json json5 jsonc jsonl jsx kt kts less lisp lua m mjs mk ml mts nim nix patch php pl plist ps1 py r rb rkt rs sass ' +
    'scala scm scss sh sol sql svelte swift tcl tex tf toml ts tsx v vb vim vue wat xhtml xml xsd xsl yaml yml zig zsh',
  text: 'asc cfg conf env eml ics log lrc nfo org properties rst rtf srt sub text txt url vcf vtt',
}
const BY_EXTENSION: ReadonlyMap<string, PreviewKind> = new Map(
  Object.entries(EXTENSIONS).flatMap(([kind, list]) =>
    list.split(' ').map(extension => [extension, kind as PreviewKind] as const),
  ),
)
const BY_NAME: ReadonlyMap<string, PreviewKind> = new Map([
  ['readme', 'text'],
  ['license', 'text'],
  ['copying', 'text'],
  ['changelog', 'text'],
  ['authors', 'text'],
  ['makefile', 'code'],
  ['dockerfile', 'code'],
  ['.gitignore', 'text'],
  ['.cairnignore', 'text'],
])

/** What the name proposes. */
export function kindOf(name: string): PreviewKind {
  const lower = name.toLowerCase()
  const dot = lower.lastIndexOf('.')
  return BY_NAME.get(lower) ?? (dot < 0 ? 'unknown' : (BY_EXTENSION.get(lower.slice(dot + 1)) ?? 'unknown'))
}

export type TextEncoding = 'utf-8' | 'utf-16le' | 'utf-16be' | 'windows-1252'

/** How these first bytes of a file read as text; null: they are not text. `whole`: nothing follows them. */
export function encodingOf(bytes: Uint8Array, whole: boolean): TextEncoding | null {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le'
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'utf-16be'
  if (bytes.some(isBinary)) return null
  if (isUtf8(bytes, whole)) return 'utf-8'
  const foreign = bytes.reduce((count, byte) => count + (byte >= 0x80 ? 1 : 0), 0)
  return foreign <= bytes.length * 0.3 ? 'windows-1252' : null
}

/** Controls that no text holds; tab, newline, form feed, return, backspace and escape (terminal colours) do occur. */
const isBinary = (byte: number) => (byte < 0x20 && !(byte >= 0x08 && byte <= 0x0d) && byte !== 0x1b) || byte === 0x7f

function isUtf8(bytes: Uint8Array, whole: boolean): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: !whole })
    return true
  } catch {
    return false
  }
}
