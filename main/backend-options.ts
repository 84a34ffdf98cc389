/** What a composition (Electron, headless, CLI, a test) gives the backend and gets from it. Types only. */
import type { ServerFrame, Transport } from '../preload/wire/frames.ts'
import type { Reach } from './network/multicast.ts'

export type BackendOptions = {
  /** A folder of its own. Made if it is not there. */
  readonly storage: string
  /** `host:port` of DHT nodes that replace the public ones; null: the public DHT. */
  readonly bootstrap: readonly string[] | null
  /** false: nothing is announced or looked up, and no socket is opened. */
  readonly join: boolean
  /** Where others are looked for without the DHT, null: nowhere. By default what `roomReach` says of the nodes that are used. */
  readonly room?: Reach | null
  /**
   * Yes to a storage that was copied or moved, which is refused otherwise: two of them that both publish would break
   * archives for everybody.
   */
  readonly adopt?: boolean
  /** Gets a fresh one-time address of the page, for clients that want to show it; set by the web shell. */
  readonly page?: () => string | null
  /** A page that sends files is given up after this much silence, in milliseconds: a minute when absent. */
  readonly uploadSilence?: number
  /** The time of this machine, for what goes by the hour or by the day: the system's when absent. */
  readonly clock?: () => Date
  /** Where the log goes: a file in the storage folder when absent. */
  readonly log?: 'file' | 'stderr' | 'none'
}

/** The name, size and time of a file that a page streams in. `path` has `/` between segments. */
export type ReceivedFile = { readonly path: string; readonly size: number; readonly modified: number | null }

export type Backend = {
  readonly options: BackendOptions
  /** Answers one client until its transport closes. */
  accept(transport: Transport<ServerFrame, unknown>): void
  /**
   * The bytes of archives: GET and HEAD of `/<grant>/<percent-encoded path>` with ranges, on an origin that is not
   * the page's. Sets every header that content needs; the caller checks the host.
   */
  content(request: Request): Promise<Response>
  /** Takes one file of an upload that `publish.startUpload` began. Throws AppError. */
  receive(upload: string, file: ReceivedFile, bytes: AsyncIterable<Uint8Array>): Promise<void>
  /** Set by the web shell once it listens. */
  setPage(page: () => string | null): void
  /** Within two seconds, also with transfers running; they go on at the next start. Safe to call twice. */
  close(): Promise<void>
}
