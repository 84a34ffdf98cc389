/** Every error code that may cross the wire, with the type of its data. Codes are never reused. */
export type ErrorData = {
  INVALID_INPUT: { readonly issues: readonly { readonly path: string; readonly message: string }[] }
  UNKNOWN_PROCEDURE: { readonly path: string }
  CANCELLED: undefined
  DISCONNECTED: undefined
  /** The other side speaks another version of the protocol. */
  OTHER_VERSION: { readonly ours: number; readonly theirs: number }
  /** A bug: the log has the rest under this number. */
  INTERNAL: { readonly incident: string }

  /** `at` is the offset of the first wrong character in `link`, `expected` says what should stand there. */
  INVALID_LINK: { readonly link: string; readonly at: number; readonly expected: string }
  OLD_DAT_LINK: { readonly link: string }

  STORAGE_IN_USE: { readonly storage: string }
  STORAGE_UNUSABLE: { readonly storage: string; readonly why: string }
  PORT_TAKEN: { readonly port: number }
  NO_ROOM: { readonly path: string; readonly needed: number; readonly free: number }

  ARCHIVE_NOT_FOUND: { readonly key: string }
  /** Known, and its content has not been found yet. */
  ARCHIVE_NOT_READY: { readonly key: string }
  ARCHIVE_READ_ONLY: { readonly key: string }
  ARCHIVE_SECRET_NEEDED: { readonly key: string }
  ARCHIVE_DAMAGED: { readonly key: string }
  ARCHIVE_CONFLICT: { readonly key: string }
  /** Nothing is known of two histories of this archive. */
  NO_WARRANT: { readonly key: string }
  ARCHIVE_BEHIND: { readonly key: string; readonly length: number; readonly published: number | null }
  VERSION_NOT_FOUND: { readonly key: string; readonly version: number; readonly newest: number }
  /** There may be another version of this number now. */
  VERSION_TAKEN_BACK: { readonly key: string; readonly version: number }
  NOT_THE_PINNED_VERSION: { readonly key: string; readonly expected: string; readonly found: string }
  /** Something of this name stands there already. */
  PATH_TAKEN: { readonly key: string; readonly path: string }
  PATH_NOT_FOUND: { readonly key: string; readonly path: string }
  NOT_A_FILE: { readonly path: string }
  /** It does not prove what it is to prove. `file`: it may be the file that was changed. */
  RECEIPT_WRONG: { readonly what: 'receipt' | 'file' }
  /** No receipt can be made for this. `why`: in words for people. */
  RECEIPT_IMPOSSIBLE: { readonly path: string; readonly why: string }
  /** Its author has replaced what files held; what is here in this one's place is of before, and is not shown as if it were it. */
  CONTENT_REPLACED: { readonly key: string; readonly path: string }
  /** Nobody who is connected has these blocks. */
  NOT_AVAILABLE: { readonly key: string; readonly path: string }

  /** A path on this machine. */
  SOURCE_NOT_FOUND: { readonly path: string }
  SOURCE_UNREADABLE: { readonly path: string; readonly why: string }
  SOURCE_NAMES_CLASH: { readonly name: string; readonly paths: readonly string[] }
  SOURCE_HOLDS_STORAGE: { readonly path: string; readonly storage: string }
  /** Of so many files of the archive that many are there. */
  SOURCE_DIFFERS: { readonly path: string; readonly found: number; readonly of: number }
  /** It is, or lies in, what another archive is made from. */
  SOURCE_IN_USE: { readonly path: string; readonly key: string }
  SOURCE_WRONG_KIND: { readonly path: string; readonly expected: 'folder' | 'file' }
  /** Nothing is followed there now: it is paused, or still being added. */
  SOURCE_PAUSED: { readonly path: string }
  /** Files are being given back in the folder of this archive, and that has been paused, has failed, or is not done yet. */
  RESTORE_UNFINISHED: { readonly key: string }
  NOTHING_TO_PUBLISH: { readonly paths: readonly string[] }
  LOOKS_PRIVATE: { readonly paths: readonly { readonly path: string; readonly why: string }[] }
  REVIEW_EXPIRED: { readonly id: string }
  FOLDER_NOT_WRITABLE: { readonly path: string; readonly why: string }
  FOLDER_IN_USE: { readonly path: string; readonly key: string }

  TRANSFER_NOT_FOUND: { readonly id: string }
  UPLOAD_NOT_FOUND: { readonly id: string }
  NETWORK_OFF: undefined
  /** Bytes of what was to be dragged out of the window, and of what can be. */
  TOO_MUCH_TO_DRAG: { readonly bytes: number; readonly most: number }
  /** The shell that shows this page has no such power. */
  NOT_IN_THIS_SHELL: { readonly power: string }
}
export type ErrorCode = keyof ErrorData
export type SerializedError = {
  [C in ErrorCode]: { readonly code: C; readonly message: string; readonly data: ErrorData[C] }
}[ErrorCode]

/** The only error class that crosses a process boundary. Branch on `code`, never on `message`. */
export class AppError<C extends ErrorCode = ErrorCode> extends Error {
  override readonly name = 'AppError'
  readonly code: C
  readonly data: ErrorData[C]

  constructor(code: C, message: string, ...rest: ErrorData[C] extends undefined ? [] : [data: ErrorData[C]]) {
    super(message)
    this.code = code
    this.data = rest[0] as ErrorData[C]
  }

  is<K extends C>(code: K): this is AppError<K> {
    return (this.code as ErrorCode) === code
  }

  toJSON(): SerializedError {
    return { code: this.code, message: this.message, data: this.data } as SerializedError
  }

  static from({ code, message, data }: SerializedError): AppError {
    // biome-ignore lint/suspicious/noExplicitAny: the pair of code and data was typed where it was made
    return new (AppError as any)(code, message, data)
  }
}

/** Ends a chain of branches over a closed union: a missing branch does not compile. */
export function assertNever(value: never): never {
  throw new Error(`Unexpected value: ${JSON.stringify(value)}`)
}
