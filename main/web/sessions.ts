/**
 * Who may use the page. A launch token is in the address we print, works once, and is swapped for a cookie, so an address
 * that was seen over a shoulder, in a process list or in a browser's history opens nothing. Only digests are kept.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'

/** A new address for everyone who asks must not grow for ever. */
const MOST_TOKENS = 64
const MOST_SESSIONS = 256
/** A browser keeps the cookie this long, in seconds: a year. */
const REMEMBERED = 31_536_000
const FAILURES_ALLOWED = 20
const FAILURES_FORGOTTEN_AFTER = 60_000

export type Swap = { readonly cookie: string } | 'wrong' | 'too-many'

export class Sessions {
  /** Cookies ignore ports: without a name of its own one storage would overwrite another one's. */
  readonly #cookieName: string
  readonly #tokens = new Set<string>()
  readonly #sessions: Set<string>
  readonly #onStarted: () => void
  readonly #now: () => number
  #failures: number[] = []

  /** `instance`: random, and the same for one storage. `started`: digests of an earlier run. */
  constructor(
    instance: string,
    started: readonly string[] = [],
    onStarted: () => void = () => {},
    now: () => number = Date.now,
  ) {
    this.#cookieName = `cairn_${instance}`
    this.#sessions = new Set(started)
    this.#onStarted = onStarted
    this.#now = now
  }

  /** To be remembered: nobody can make a cookie from them. */
  get digests(): readonly string[] {
    return [...this.#sessions]
  }

  /** A token that opens one session. */
  launchToken(): string {
    return issue(this.#tokens, MOST_TOKENS)
  }

  swap(token: string): Swap {
    const now = this.#now()
    this.#failures = this.#failures.filter(time => time <= now && now - time < FAILURES_FORGOTTEN_AFTER)
    if (this.#failures.length >= FAILURES_ALLOWED) return 'too-many'
    const found = find(this.#tokens, token)
    if (found === null) {
      this.#failures.push(now)
      return 'wrong'
    }
    this.#tokens.delete(found)
    const secret = issue(this.#sessions, MOST_SESSIONS)
    this.#onStarted()
    return { cookie: `${this.#cookieName}=${secret}; HttpOnly; SameSite=Strict; Path=/; Max-Age=${REMEMBERED}` }
  }

  /** Whether a `Cookie` header carries a session of ours. */
  has(cookies: string | undefined): boolean {
    for (const cookie of cookies?.split(';') ?? []) {
      const at = cookie.indexOf('=')
      if (cookie.slice(0, at).trim() !== this.#cookieName) continue
      if (find(this.#sessions, cookie.slice(at + 1).trim()) !== null) return true
    }
    return false
  }
}

function issue(digests: Set<string>, most: number): string {
  const secret = randomBytes(32).toString('base64url')
  digests.add(digestOf(secret))
  for (const oldest of digests) {
    if (digests.size <= most) break
    digests.delete(oldest)
  }
  return secret
}

/** Looks at every digest, and all of each, so that the time it takes tells nothing. */
function find(digests: ReadonlySet<string>, secret: string): string | null {
  const digest = Buffer.from(digestOf(secret))
  let found: string | null = null
  for (const known of digests) if (timingSafeEqual(Buffer.from(known), digest)) found = known
  return found
}

const digestOf = (secret: string) => createHash('sha256').update(secret).digest('hex')
