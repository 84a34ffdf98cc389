/**
 * What pinned links say of versions of one archive, and whether it is so. As long as a link says something of a version,
 * nothing of that version is lent to anybody before it has been proven to be the one that was pinned, and nothing more
 * once its author has written another one over it.
 */
import { setMaxListeners } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import type Hyperblobs from 'hyperblobs'
import type Hypercore from 'hypercore'
import type Hyperdrive from 'hyperdrive'
import { hash as blake2b256 } from 'hypercore-crypto'
import { AppError } from '../../preload/contract/errors.ts'
import type { Pin } from '../../preload/contract/models.ts'
import { provenTreeHash, Unproven } from '../proofs/signed.ts'
import { encodeKey } from './links.ts'

/** A version that is what was pinned. */
export type Pinned = {
  /** What lies behind it in the log of content was not pinned. */
  readonly blobsLength: number
  /** Throws NOT_THE_PINNED_VERSION once its author has written another one over it. */
  readonly still: () => void
  /** Aborted with that. */
  readonly signal: AbortSignal
}

type Claim = Pin & {
  /** Until something is written over what it stands for; null: it is not verified. */
  life: AbortController | null
  refused: string | null
  checking: Promise<void> | null
}

/** How long peers may take to bring the blocks that are needed to check a link, in milliseconds. */
const PATIENCE = 30_000
/** How often an author may have taken back versions between a link and its reader. */
const MOST_FORKS = 16

export class Pins {
  readonly #drive: Hyperdrive
  readonly #key: string
  readonly #claims = new Map<number, Claim>()
  readonly #followed = new WeakSet<Hypercore>()

  constructor(drive: Hyperdrive, key: string) {
    this.#drive = drive
    this.#key = key
  }

  /** Somebody opened a link. What an earlier one said of the same version counts no longer, nor what was found wrong. */
  claim(version: number | null, pin: Pin | null): void {
    for (const [other, { refused }] of this.#claims) if (refused !== null) this.#claims.delete(other)
    if (version === null || pin === null) return
    const known = this.#claims.get(version)
    if (known?.hash === pin.hash && known.blobsLength === pin.blobsLength) return
    this.#claims.set(version, { ...pin, life: null, refused: null, checking: null })
  }

  /**
   * null: no link says anything of it. Throws NOT_THE_PINNED_VERSION, VERSION_NOT_FOUND where the log is too short,
   * NOT_AVAILABLE where nobody has what is needed to check it.
   */
  async check(version: number): Promise<Pinned | null> {
    const claim = this.#claims.get(version)
    if (claim === undefined) return null
    while (claim.life === null) {
      claim.checking ??= this.#verify(version, claim).finally(() => {
        claim.checking = null
      })
      await claim.checking
    }
    const { life } = claim
    return {
      blobsLength: claim.blobsLength,
      signal: life.signal,
      still: () => {
        if (claim.life !== life) throw this.#refusal(claim, 'something else')
      },
    }
  }

  /** A link says something of some version. */
  get any(): boolean {
    return this.#claims.size > 0
  }

  /** What was said while the archive was open before. */
  inherit(before: Pins): void {
    for (const [version, { blobsLength, hash }] of before.#claims) this.claim(version, { blobsLength, hash })
  }

  /** What was said of a version; null: nothing. */
  of(version: number): Pin | null {
    const claim = this.#claims.get(version)
    return claim === undefined ? null : { blobsLength: claim.blobsLength, hash: claim.hash }
  }

  async #verify(version: number, claim: Claim): Promise<void> {
    const late = new AbortController()
    try {
      await Promise.race([
        this.#compare(version, claim),
        sleep(PATIENCE, undefined, { ref: false, signal: late.signal }).then(() => {
          throw this.#unchecked('Nobody who is connected has what is needed to check this pinned link.')
        }),
      ])
    } catch (error) {
      const { code } = error as { code?: string }
      if (code === 'REQUEST_TIMEOUT' || code === 'BLOCK_NOT_AVAILABLE')
        throw this.#unchecked('Nobody who is connected has what is needed to check this pinned link.')
      if (code === 'DECODING_ERROR') throw this.#illegible()
      if (error instanceof Unproven)
        throw this.#unchecked('This pinned link cannot be checked with what is here of the archive.')
      throw error
    } finally {
      late.abort()
    }
  }

  async #compare(version: number, claim: Claim): Promise<void> {
    const { core } = this.#drive
    if (core.length < version)
      throw new AppError(
        'VERSION_NOT_FOUND',
        `There is no version ${version} here; the newest known is ${core.length}.`,
        {
          key: this.#key,
          version,
          newest: core.length,
        },
      )
    const blobs = ((await this.#drive.getBlobs()) as Hyperblobs | null)?.core
    if (blobs === undefined) throw this.#illegible()
    this.#follow(core, (claim, to) => to < claim.version)
    this.#follow(blobs, (claim, to) => to < claim.blobsLength)
    if (blobs.length < claim.blobsLength && !blobs.writable) await blobs.update({ wait: true })
    const reach = Math.min(claim.blobsLength, blobs.length)
    // Friends may have the list and not yet all of what it names: only an author knows that there is no more.
    if (reach < claim.blobsLength && !blobs.writable)
      throw this.#unchecked('Nobody who is connected has all of the content that this link pins.')
    while (true) {
      const forks = [core.fork, blobs.fork] as const
      const trees = [
        await provenTreeHash(core, version, PATIENCE),
        await provenTreeHash(blobs, reach, PATIENCE),
      ] as const
      if (core.fork !== forks[0] || blobs.fork !== forks[1]) continue
      const digested = { version, blobsLength: reach, trees, forks }
      if (reach < claim.blobsLength || !isPinned(claim.hash, digested)) {
        claim.refused = digest(digested)
        throw this.#refusal(claim, claim.refused)
      }
      claim.refused = null
      claim.life = new AbortController()
      setMaxListeners(0, claim.life.signal)
      return
    }
  }

  /** What stands behind the place where a log was cut off is no longer what was verified. */
  #follow(core: Hypercore, isHit: (claim: Pin & { readonly version: number }, to: number) => boolean): void {
    if (this.#followed.has(core)) return
    this.#followed.add(core)
    core.on('truncate', (to: number) => {
      for (const [version, claim] of this.#claims)
        if (claim.life !== null && isHit({ ...claim, version }, to)) {
          const { life } = claim
          claim.life = null
          // Whoever waits for a block of it has to hear from Hypercore first that there is none.
          setImmediate(() => life.abort(this.#refusal(claim, 'something else')))
        }
    })
  }

  #refusal({ hash }: Pin, found: string): AppError {
    return new AppError('NOT_THE_PINNED_VERSION', 'This is not the version that your friend pinned.', {
      key: this.#key,
      expected: hash,
      found,
    })
  }

  #illegible(): AppError {
    const said = 'This archive is private, and the link carried no secret or a wrong one.'
    return new AppError('ARCHIVE_SECRET_NEEDED', said, { key: this.#key })
  }

  #unchecked(message: string): AppError {
    return new AppError('NOT_AVAILABLE', message, { key: this.#key, path: '/' })
  }
}

type Digested = {
  readonly version: number
  readonly blobsLength: number
  /** Of the list and of the content. */
  readonly trees: readonly [Buffer, Buffer]
  readonly forks: readonly [number, number]
}

/** Decisions 23: both tree hashes, both lengths, both forks. */
export function digest({ version, blobsLength, trees, forks }: Digested): string {
  const numbers = Buffer.alloc(32)
  numbers.writeBigUInt64LE(BigInt(version), 0)
  numbers.writeBigUInt64LE(BigInt(blobsLength), 8)
  numbers.writeBigUInt64LE(BigInt(forks[0]), 16)
  numbers.writeBigUInt64LE(BigInt(forks[1]), 24)
  return encodeKey(blake2b256([...trees, numbers]))
}

/**
 * The forks may be others in the link: its author took back later versions since, or had done so before whoever made the link
 * read it, and this version stands in both. Its trees say that by themselves.
 */
function isPinned(hash: string, digested: Digested): boolean {
  const [list, content] = digested.forks.map(near)
  return list!.some(a => content!.some(b => digest({ ...digested, forks: [a, b] }) === hash))
}

/** Nearest first. */
function near(fork: number): readonly number[] {
  const forks = [fork]
  for (let away = 1; away <= MOST_FORKS; away++) {
    if (fork - away >= 0) forks.push(fork - away)
    forks.push(fork + away)
  }
  return forks
}
