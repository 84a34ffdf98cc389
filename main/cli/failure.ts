/** How the CLI fails: one code, plain words with the next step, and an exit code. */
import { AppError, type ErrorCode, type ErrorData } from '../../preload/contract/errors.ts'

/** What only the CLI can meet. The rest are the backend's `AppError`s. */
export type CliCode =
  | 'USAGE'
  | 'NOBODY_REACHABLE'
  | 'STOPPED'
  | 'TRANSFER_ENDED'
  | 'NOT_A_FRIENDS'
  | 'NOT_YOURS'
  | 'ASKS_REMOVAL'
  | 'NO_PAGE'
  | 'PUBLISHED_ALREADY'
  | 'FILE_EXISTS'
  | 'FILE_NOT_WRITTEN'
  | 'ARCHIVE_PAUSED'
  | 'NOT_A_WARRANT'
  | 'NEEDS_A_YES'
  | 'PORT_IN_USE'
  | 'UNKNOWN_MACHINE'
  | 'NOT_WHOLE'
  | 'NO_DESKTOP_ENTRY'

export class CliError extends Error {
  readonly code: CliCode
  /** For programs: goes into the JSON of the error. */
  readonly data: unknown

  constructor(code: CliCode, message: string, data?: unknown) {
    super(message)
    this.code = code
    this.data = data
  }
}

export const EXIT = { done: 0, failed: 1, usage: 2, unreachable: 3, private: 4, storage: 5, stopped: 130 } as const

const CODES: Readonly<Partial<Record<string, number>>> = {
  USAGE: EXIT.usage,
  INVALID_LINK: EXIT.usage,
  OLD_DAT_LINK: EXIT.usage,
  NOBODY_REACHABLE: EXIT.unreachable,
  NOT_AVAILABLE: EXIT.unreachable,
  LOOKS_PRIVATE: EXIT.private,
  STORAGE_IN_USE: EXIT.storage,
  STORAGE_UNUSABLE: EXIT.storage,
  STOPPED: EXIT.stopped,
  CANCELLED: EXIT.stopped,
} satisfies Partial<Record<ErrorCode | CliCode, number>>

export type Failure = { readonly code: string; readonly message: string; readonly data: unknown; readonly exit: number }

/** Never a stack: what is not expected is a bug, and says so. */
export function failureOf(error: unknown): Failure {
  if (error instanceof AppError || error instanceof CliError) {
    return {
      code: error.code,
      message: messageOf(error),
      data: withoutLink(error.data),
      exit: CODES[error.code] ?? EXIT.failed,
    }
  }
  const message = error instanceof Error ? error.message : String(error)
  const missing = whatIsMissing(error)
  if (missing !== null) return { code: 'NOT_WHOLE', message: missing, data: undefined, exit: EXIT.failed }
  return {
    code: 'INTERNAL',
    message: `Something went wrong in Cairn itself: ${message}`,
    data: undefined,
    exit: EXIT.failed,
  }
}

/** A part of the program that is not there, or does not fit the machine, as after a half-done update. null: it is something else. */
function whatIsMissing(error: unknown): string | null {
  if (!(error instanceof Error && 'code' in error && typeof error.code === 'string' && UNLOADABLE.has(error.code)))
    return null
  const reason = (error.cause instanceof Error ? error.cause.message : error.message).split('\n', 1)[0]
  const help = /libatomic/.test(reason ?? '')
    ? 'Install libatomic (Debian, Ubuntu: apt install libatomic1; Fedora: dnf install libatomic).'
    : 'Install Cairn again, or, where it runs from its sources, run npm ci and npm run build.'
  return `A part of Cairn cannot be loaded: ${reason}. ${help}`
}

const UNLOADABLE: ReadonlySet<string> = new Set([
  'ERR_DLOPEN_FAILED',
  'CANNOT_LOAD',
  'ADDON_NOT_FOUND',
  'ERR_MODULE_NOT_FOUND',
  'MODULE_NOT_FOUND',
])

function messageOf(error: AppError | CliError): string {
  if (error instanceof CliError) return error.message
  if (error.is('NOT_THE_PINNED_VERSION')) {
    const { expected, found } = error.data as ErrorData['NOT_THE_PINNED_VERSION']
    return `${error.message} The link says ${expected}, and the archive says ${found}. Nothing of it is shown. Ask your friend before you trust either.`
  }
  if (error.is('INVALID_LINK')) return wrongLink(error.data as ErrorData['INVALID_LINK'])
  const step = NEXT_STEP[error.code]
  return `${error.message.replace(/\.?$/, '.')}${step === undefined ? '' : ` ${step}`}`
}

/** As the page says it. What may be part of a secret is not repeated. */
function wrongLink({ link, at }: ErrorData['INVALID_LINK']): string {
  const there = link.slice(at, at + 12)
  const isSecret = link.slice(0, at).includes('#')
  const wrong =
    link.trim() === ''
      ? 'It is empty.'
      : there === ''
        ? 'Its end is missing.'
        : isSecret
          ? 'Something is wrong after the #.'
          : `Something is wrong or missing at “${there}”. A link is hyper:// and 52 letters and digits, and may go on after them.`
  return `This is not a link to an archive. ${wrong} Ask your friend to copy the link again.`
}

const NEXT_STEP: Partial<Record<ErrorCode, string>> = {
  STORAGE_IN_USE: 'Stop the other one, or choose another folder with --storage.',
  STORAGE_UNUSABLE: 'Choose another folder with --storage.',
  OTHER_VERSION: 'A Cairn of another version runs on this storage: restart it.',
  DISCONNECTED: 'The running Cairn was closed. Run the command again.',
  INTERNAL: "The details are in the log in Cairn's storage folder.",
  CONTENT_REPLACED: 'cairn follow LINK takes what replaces it. Older versions can be read as before.',
  ARCHIVE_CONFLICT: 'cairn status says more.',
  ARCHIVE_DAMAGED: 'Tell its author. A later version may be whole again.',
  ARCHIVE_SECRET_NEEDED: 'Ask for the whole link, with what follows the #.',
  PATH_NOT_FOUND: 'cairn ls shows what there is.',
  NO_ROOM: 'Make room, then run the command again.',
  RECEIPT_WRONG: 'Ask for both again.',
}

/** A link may hold a secret, and errors end up in logs. */
function withoutLink(data: unknown): unknown {
  if (typeof data !== 'object' || data === null || !('link' in data)) return data
  const { link: _, ...rest } = data
  return rest
}
