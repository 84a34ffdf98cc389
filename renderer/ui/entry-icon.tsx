/** A picture for a kind of file, by its true extension. It says nothing that the name does not say. */
import {
  File,
  FileArchive,
  FileAudio,
  FileCode2,
  FileImage,
  FileSpreadsheet,
  FileSymlink,
  FileText,
  FileVideo,
  Folder,
  type LucideIcon,
} from 'lucide-react'
import type { ReactElement } from 'react'
import { extensionOf } from './names.ts'

const groups: readonly (readonly [LucideIcon, string, string])[] = [
  [FileImage, 'Image', 'jpg jpeg png gif webp avif svg bmp ico heic heif tif tiff'],
  [FileAudio, 'Audio', 'mp3 ogg oga opus flac wav m4a aac aiff mid'],
  [FileVideo, 'Video', 'mp4 webm mkv mov avi m4v ogv mpg mpeg'],
  [FileText, 'Text', 'txt md markdown rst log rtf'],
  [FileText, 'Document', 'pdf doc docx odt epub tex'],
  [FileSpreadsheet, 'Table', 'csv tsv xls xlsx ods'],
  [FileArchive, 'Compressed archive', 'zip tar gz tgz bz2 xz zst 7z rar'],
  [
    FileCode2,
    'Code',
    'js mjs cjs ts tsx jsx json html css c h cc cpp hpp rs go py rb java kt swift sh bash toml yaml yml xml sql lua pl php vue svelte',
  ],
]
const byExtension = new Map(
  groups.flatMap(([icon, word, list]) => list.split(' ').map(name => [name, { icon, word }] as const)),
)

type Kind = { readonly kind: 'file' | 'folder' | 'link'; readonly name: string }

export function kindOf(entry: Kind): string {
  if (entry.kind === 'folder') return 'Folder'
  if (entry.kind === 'link') return 'Link'
  const extension = extensionOf(entry.name)
  const known = byExtension.get(extension)
  if (known)
    return known.word === 'Code' || known.word === 'Compressed archive'
      ? `${known.word} (.${extension})`
      : `${known.word} (${extension.toUpperCase()})`
  return 'File'
}

export function EntryIcon({ entry, size = 16 }: { readonly entry: Kind; readonly size?: number }): ReactElement {
  const stroke = size > 24 ? 1.25 : 1.75
  if (entry.kind === 'folder')
    return <Folder size={size} strokeWidth={stroke} aria-hidden className="shrink-0 fill-accent-soft text-accent" />
  const Icon = entry.kind === 'link' ? FileSymlink : (byExtension.get(extensionOf(entry.name))?.icon ?? File)
  return <Icon size={size} strokeWidth={stroke} aria-hidden className="shrink-0 text-muted" />
}
