/** Numbers and bytes in a row, each in the one shortest spelling. */

export class Writer {
  readonly #parts: Buffer[] = []

  /** A whole number from 0. */
  number(value: number): void {
    const bytes: number[] = []
    let rest = value
    for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80)
    bytes.push(rest)
    this.#parts.push(Buffer.from(bytes))
  }

  /** Of a length that the reader knows. */
  raw(bytes: Uint8Array): void {
    this.#parts.push(Buffer.from(bytes))
  }

  bytes(bytes: Uint8Array): void {
    this.number(bytes.byteLength)
    this.raw(bytes)
  }

  end(): Buffer {
    return Buffer.concat(this.#parts)
  }
}

/** Throws `wrong()` for whatever a `Writer` does not write. */
export class Reader {
  readonly #bytes: Buffer
  readonly #wrong: () => Error
  #at = 0

  constructor(bytes: Buffer, wrong: () => Error) {
    this.#bytes = bytes
    this.#wrong = wrong
  }

  number(): number {
    let value = 0
    for (let power = 0; power <= 49; power += 7) {
      const byte = this.#bytes[this.#at++]
      if (byte === undefined || (byte === 0 && power > 0)) break
      value += (byte & 0x7f) * 2 ** power
      if (byte < 0x80) {
        if (Number.isSafeInteger(value)) return value
        break
      }
    }
    throw this.#wrong()
  }

  /** How many follow, of which each takes at least so many bytes. */
  count(least: number): number {
    const value = this.number()
    if (value * least > this.#bytes.byteLength - this.#at) throw this.#wrong()
    return value
  }

  raw(length: number): Buffer {
    const end = this.#at + length
    if (end > this.#bytes.byteLength) throw this.#wrong()
    const taken = this.#bytes.subarray(this.#at, end)
    this.#at = end
    return taken
  }

  bytes(): Buffer {
    return this.raw(this.count(1))
  }

  /** Nothing follows. */
  end(): void {
    if (this.#at !== this.#bytes.byteLength) throw this.#wrong()
  }
}
