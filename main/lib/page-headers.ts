/**
 * What the page may do, in both shells: run its own scripts, talk to its own backend, and show bytes of archives from
 * their own origin. Nothing else, whatever an archive talks it into.
 */
import type { PageFile } from './page-files.ts'

export type PageOrigins = {
  /** Where the bytes of archives come from. */
  readonly content: string
  /** Where the bridge is, if it is not a MessagePort. */
  readonly bridge: string | null
}

export function pageHeaders({ content, bridge }: PageOrigins, file: PageFile): Readonly<Record<string, string>> {
  return {
    ...policyHeaders(contentPolicy({ content, bridge })),
    'Content-Type': file.type,
    'Content-Length': String(file.bytes.byteLength),
    'Cache-Control': file.immutable ? 'max-age=31536000, immutable' : 'no-store',
  }
}

/** For answers of our own that show nothing: refusals and JSON. */
export function plainHeaders(type: string): Readonly<Record<string, string>> {
  return {
    ...policyHeaders("default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"),
    'Content-Type': type,
    'Cache-Control': 'no-store',
  }
}

const policyHeaders = (policy: string) => ({
  'Content-Security-Policy': policy,
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Permissions-Policy': 'camera=(), microphone=(), geolocation=(), usb=(), serial=(), hid=(), payment=()',
})

function contentPolicy({ content, bridge }: PageOrigins): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    `img-src 'self' blob: data: ${content}`,
    `media-src ${content}`,
    "font-src 'self'",
    ['connect-src', "'self'", bridge, content].filter(part => part !== null).join(' '),
    "worker-src 'self' blob:",
    "frame-ancestors 'none'",
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ')
}
