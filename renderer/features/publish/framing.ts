/**
 * How files travel from a page to the backend: one POST body is a run of records, each a 4-byte big-endian length,
 * a JSON header of that length, and exactly `size` bytes. Bodies are composed of slices of the dropped files, so
 * nothing is read into the page's memory.
 */
export type RecordHeader = {
  /** Archive path, beginning with `/`. */
  readonly path: string
  readonly size: number
  readonly modified: number | null
}

export type OutgoingFile = RecordHeader & { readonly content: Blob }

export function composeBody(files: readonly OutgoingFile[]): Blob {
  return new Blob(files.flatMap(file => [encodeHeader(file), file.content.slice(0, file.size)]))
}

export function encodeHeader({ path, size, modified }: RecordHeader): Uint8Array<ArrayBuffer> {
  const json = new TextEncoder().encode(JSON.stringify({ path, size, modified }))
  const header = new Uint8Array(4 + json.length)
  new DataView(header.buffer).setUint32(0, json.length)
  header.set(json, 4)
  return header
}

export type BatchLimits = { readonly bytes: number; readonly files: number }
export const BATCH_LIMITS: BatchLimits = { bytes: 32 * 1024 * 1024, files: 256 }

/**
 * Groups files into bodies that are worth a request and cheap to send again. A file that fills a body by itself
 * goes alone, at once; the others keep their order.
 */
export function* planBatches<File extends { readonly size: number }>(
  files: Iterable<File>,
  limits: BatchLimits = BATCH_LIMITS,
): Generator<readonly File[]> {
  let batch: File[] = []
  let bytes = 0
  for (const file of files) {
    if (file.size >= limits.bytes) {
      yield [file]
      continue
    }
    if (batch.length === limits.files || bytes + file.size > limits.bytes) {
      yield batch
      batch = []
      bytes = 0
    }
    batch.push(file)
    bytes += file.size
  }
  if (batch.length > 0) yield batch
}
