import type { StandardSchemaV1 } from './standard-schema.ts'

/**
 * One primitive. A procedure takes one validated input, emits zero or more
 * values, and ends with exactly one output or one error. A plain request
 * emits nothing; a subscription never finishes by itself; a long job emits
 * its progress. Cancellation is the same for all three.
 */
export type Procedure<Input, Emit, Output> = {
  readonly kind: 'call' | 'stream'
  readonly input: StandardSchemaV1<unknown, Input> | null
  readonly '~types'?: { input: Input; emit: Emit; output: Output }
}

export type ContractTree = { readonly [name: string]: ContractTree | Procedure<any, any, any> }

type Shape<Input, Emit, Output> = {
  input?: StandardSchemaV1<any, Input>
  emits?: Phantom<Emit>
  output?: Phantom<Output>
}

declare const phantom: unique symbol
export type Phantom<T> = { readonly [phantom]?: T }

/** Carries a type without a value: what the backend sends is trusted, so it is typed and not parsed. */
export const type = <T>(): Phantom<T> => ({})

export const call = <Input = void, Emit = never, Output = void>(
  shape: Shape<Input, Emit, Output> = {},
): Procedure<Input, Emit, Output> & { kind: 'call' } => ({ kind: 'call', input: shape.input ?? null })

export const stream = <Input = void, Emit = never>(
  shape: Shape<Input, Emit, void>,
): Procedure<Input, Emit, void> & { kind: 'stream' } => ({ kind: 'stream', input: shape.input ?? null })
