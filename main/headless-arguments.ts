/** The arguments of the headless entry, and of the starter where it goes headless. */
import { parseArgs } from 'node:util'
import { resolve } from 'node:path'
import { bootstrapNodes, defaultStorage } from './lib/places.ts'

export type HeadlessSettings = {
  readonly storage: string
  readonly bootstrap: readonly string[] | null
  readonly join: boolean
  readonly adopt: boolean
  readonly port: number | undefined
  readonly allowHosts: readonly string[]
}

export type HeadlessArguments =
  | { readonly kind: 'run'; readonly settings: HeadlessSettings; readonly open: boolean }
  | { readonly kind: 'help' }
  | { readonly kind: 'wrong'; readonly message: string }

type Environment = Readonly<Record<string, string | undefined>>

export function readArguments(args: readonly string[], environment: Environment = process.env): HeadlessArguments {
  try {
    const { values } = parseArgs({
      args: [...args],
      strict: true,
      options: {
        storage: { type: 'string' },
        bootstrap: { type: 'string', multiple: true, default: [] },
        port: { type: 'string' },
        'allow-host': { type: 'string', multiple: true, default: [] },
        'no-join': { type: 'boolean', default: false },
        adopt: { type: 'boolean', default: false },
        open: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    })
    if (values.help) return { kind: 'help' }
    return {
      kind: 'run',
      open: values.open,
      settings: {
        storage: values.storage ? resolve(values.storage) : defaultStorage(environment),
        bootstrap: bootstrapNodes(values.bootstrap, environment),
        join: !values['no-join'],
        adopt: values.adopt,
        port: values.port === undefined ? undefined : portIn(values.port),
        allowHosts: values['allow-host'],
      },
    }
  } catch (error) {
    return { kind: 'wrong', message: error instanceof Error ? error.message : String(error) }
  }
}

function portIn(text: string): number {
  const port = Number(text)
  if (/^\d{1,5}$/.test(text) && port <= 65_535) return port
  throw new Error(`${text} is not a port`)
}
