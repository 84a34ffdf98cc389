/**
 * The whole protocol: five frames and the pipe they travel through.
 * `id` is chosen by the caller and lives until `done`, `fail` or `cancel`.
 */
import type { SerializedError } from '../contract/errors.ts'

export type ClientFrame =
  | { readonly t: 'call'; readonly id: number; readonly path: string; readonly input: unknown }
  | { readonly t: 'cancel'; readonly id: number }

export type ServerFrame =
  | { readonly t: 'next'; readonly id: number; readonly value: unknown }
  | { readonly t: 'done'; readonly id: number; readonly value: unknown }
  | { readonly t: 'fail'; readonly id: number; readonly error: SerializedError }

/** A two-way, ordered, lossless pipe. All that a new way to connect has to implement. */
export interface Transport<Out, In> {
  /** A promise means the pipe is full: wait for it before sending more of a stream. */
  send(frame: Out): void | Promise<void>
  onFrame(listener: (frame: In) => void): void
  onClose(listener: () => void): void
  close(): void
}

export function isClientFrame(frame: unknown): frame is ClientFrame {
  if (typeof frame !== 'object' || frame === null) return false
  const { t, id, path } = frame as Record<string, unknown>
  return Number.isSafeInteger(id) && (t === 'cancel' || (t === 'call' && typeof path === 'string'))
}
