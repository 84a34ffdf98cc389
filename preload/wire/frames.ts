/**
 * The whole protocol: six frames and the pipe they travel through.
 *
 * `id` is chosen by the caller and lives until `done`, `fail` or `cancel`. `credit` is how many more `next` frames the
 * caller has room for: a MessagePort has no backpressure of its own, so the protocol brings one for every pipe.
 */
import type { AppError, SerializedError } from '../contract/errors.ts'

export type ClientFrame =
  | { readonly t: 'call'; readonly id: number; readonly path: string; readonly input: unknown; readonly credit: number }
  | { readonly t: 'credit'; readonly id: number; readonly n: number }
  | { readonly t: 'cancel'; readonly id: number }

export type ServerFrame =
  | { readonly t: 'next'; readonly id: number; readonly value: unknown }
  | { readonly t: 'done'; readonly id: number; readonly value: unknown }
  | { readonly t: 'fail'; readonly id: number; readonly error: SerializedError }

/** A two-way, ordered, lossless pipe. All that a new way to connect has to implement. */
export interface Transport<Out, In> {
  /** A promise means the pipe is full: wait for it before sending more of a stream. Does nothing once closed. */
  send(frame: Out): void | Promise<void>
  onFrame(listener: (frame: In) => void): void
  /** Called once, from whichever side it was closed; with a reason where there is a better one than "gone". */
  onClose(listener: (reason?: AppError) => void): void
  close(): void
}

/** How many `next` frames of one call may be on their way or unread. */
export const WINDOW = 32

/** Nobody has a procedure with a longer name. */
const LONGEST_PATH = 200

/** Whether this is a frame of ours, with nothing in it that we did not define. */
export function isClientFrame(frame: unknown): frame is ClientFrame {
  if (!isRecord(frame) || !isId(frame['id'])) return false
  switch (frame['t']) {
    case 'call':
      return (
        hasOnly(frame, ['t', 'id', 'path', 'input', 'credit']) &&
        typeof frame['path'] === 'string' &&
        frame['path'].length <= LONGEST_PATH &&
        isCount(frame['credit'], 0)
      )
    case 'credit':
      return hasOnly(frame, ['t', 'id', 'n']) && isCount(frame['n'], 1)
    case 'cancel':
      return hasOnly(frame, ['t', 'id'])
    default:
      return false
  }
}

export function isServerFrame(frame: unknown): frame is ServerFrame {
  if (!isRecord(frame) || !isId(frame['id'])) return false
  switch (frame['t']) {
    case 'next':
    case 'done':
      return hasOnly(frame, ['t', 'id', 'value'])
    case 'fail': {
      const { error } = frame
      return (
        hasOnly(frame, ['t', 'id', 'error']) &&
        isRecord(error) &&
        typeof error['code'] === 'string' &&
        typeof error['message'] === 'string'
      )
    }
    default:
      return false
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const isId = (value: unknown) => Number.isSafeInteger(value) && (value as number) > 0
const isCount = (value: unknown, least: number) =>
  Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= WINDOW
const hasOnly = (frame: object, names: readonly string[]) => Object.keys(frame).every(name => names.includes(name))
