/** One run of the CLI: arguments in, exit code out. Knows no process: `cli.ts` gives it streams and signals. */
import { assertNever } from '../../preload/contract/errors.ts'
import { type Command, parseArguments, TO_STDOUT } from './arguments.ts'
import { completionsFor } from './completions.ts'
import type { Context } from './context.ts'
import { disk, take } from './device.ts'
import { CliError, EXIT } from './failure.ts'
import { diagnostics, licences } from './machine.ts'
import { call, free, holders } from './holders.ts'
import { forget, notify, status } from './library.ts'
import { room } from './room.ts'
import { limits, peers } from './limits.ts'
import { manual } from './manual.ts'
import { Output, type Sink } from './output.ts'
import { check, lookup, network } from './network.ts'
import { publish } from './publish.ts'
import { diff, history } from './history.ts'
import { get, keep, list, watch } from './read.ts'
import { link, receipt, verify } from './proofs.ts'
import { checkWarrantFile, follow, repair, saveWarrant } from './rewritten.ts'
import type { Session, SessionOptions } from './session.ts'
import { moveSource, pause, resume, rules } from './source.ts'
import { describe, gone, name, restore, versions } from './time.ts'

export type Surroundings = {
  readonly args: readonly string[]
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly version: string
  readonly stdout: Sink
  readonly stderr: Sink
  readonly stdin: () => Promise<string>
  /** Answers with what the person typed, or null where they ended that. Left out: nobody is there. */
  readonly ask?: (question: string, signal: AbortSignal) => Promise<string | null>
  /** To `stdout`, bytes as they are; resolves when more may come. */
  readonly writeOut: (bytes: Uint8Array) => Promise<void>
  /** Something else stands in `stdout` before what is written to it, so that it can be no file. */
  readonly stdoutHoldsMore?: boolean
  /** Aborted when the person wants the command to end. */
  readonly signal: AbortSignal
  /** What is asked once, before the person's word ends a command that shares; true: it goes on, if it can stay. */
  readonly beforeStopping: (ask: (canStay: boolean) => Promise<boolean>) => void
  readonly openSession: (options: SessionOptions) => Promise<Session>
  readonly serve: (
    command: Command & { name: 'serve' },
    output: Output,
    surroundings: Pick<Surroundings, 'signal' | 'beforeStopping'>,
  ) => Promise<number>
}

/** Never throws: what goes wrong is said, and is in the exit code. */
export async function run({
  args,
  environment,
  version,
  stdout,
  stderr,
  stdin,
  ask,
  writeOut,
  stdoutHoldsMore = false,
  signal,
  beforeStopping,
  openSession,
  serve,
}: Surroundings): Promise<number> {
  let output = new Output(args.includes('--json'), stdout, stderr)
  let command: Command
  try {
    command = parseArguments(args, environment)
    if (command.name === 'help') return say(output, command.text, { help: command.text })
    if (command.name === 'version') return say(output, version, { version })
    if (command.name === 'completions') {
      const script = completionsFor(command.shell).trimEnd()
      return say(output, script, { completions: script })
    }
    if (command.name === 'man') {
      const page = manual(version).trimEnd()
      say(output, page, { man: page })
      if (stdout.isTTY === true) output.note('To read it: cairn man | man -l -')
      return EXIT.done
    }
    const file = fileIn(command)
    if (file === TO_STDOUT) {
      if (stdoutHoldsMore)
        throw new CliError(
          'USAGE',
          'Here standard output begins with an empty line, which would be part of the file. Say the name of a file in place of -.',
        )
      // Standard output is the zip's or the receipt's; what else is said goes where notes go.
      if (command.name !== 'warrant') output = new Output(output.json, stderr, stderr)
    }
    if (command.name === 'verify') return await verify(command, output)
    if (command.name === 'serve') return await serve(command, output, { signal, beforeStopping })
    if (command.name === 'dht') return await (await import('./dht.ts')).runDht(command, output, signal)
    if (command.name === 'licences') return await licences(output, command)
    if (command.name === 'desktop') return await (await import('./desktop.ts')).desktop(output, command, environment)
    if (command.name === 'check-warrant') return await checkWarrantFile(output, command)
  } catch (error) {
    return output.failure(error)
  }
  let session: Session | null = null
  const ended = new AbortController()
  try {
    const { storage, bootstrap, name, adopt = false } = command
    // To look at one's own library, or to forget, nobody needs to be asked.
    session = await openSession({
      storage,
      bootstrap,
      join:
        !ALONE.has(name) &&
        !(command.name === 'network' && command.beginWith !== null) &&
        !('target' in command && command.target === null),
      adopt,
    })
    if (session.attached && bootstrapGiven(args))
      output.note('--bootstrap has no effect: Cairn runs on this storage already, with nodes of its own.')
    const context: Context = {
      client: session.client,
      attached: session.attached,
      output,
      signal: AbortSignal.any([signal, ended.signal]),
      beforeStopping,
      stdin,
      ask:
        ask === undefined || output.json
          ? null
          : async question => /^y(es)?$/i.test(((await ask(question, signal)) ?? '').trim()),
      writeOut,
    }
    return await perform(context, command)
  } catch (error) {
    return signal.aborted ? stopped(output, error) : output.failure(error)
  } finally {
    ended.abort()
    await session?.close()
  }
}

/** What concerns nobody but this machine. */
const ALONE: ReadonlySet<string> = new Set([
  'status',
  'forget',
  'disk',
  'limits',
  'room',
  'peers',
  'notify',
  'call',
  'take',
  'restore',
  'follow',
  'warrant',
  'repair',
  'diagnostics',
])

function perform(
  context: Context,
  command: Exclude<
    Command,
    {
      name:
        | 'help'
        | 'version'
        | 'completions'
        | 'man'
        | 'serve'
        | 'dht'
        | 'verify'
        | 'check-warrant'
        | 'desktop'
        | 'licences'
    }
  >,
): Promise<number> {
  switch (command.name) {
    case 'publish':
      return publish(context, command)
    case 'ls':
      return list(context, command)
    case 'get':
      return get(context, command)
    case 'link':
      return link(context, command)
    case 'receipt':
      return receipt(context, command)
    case 'keep':
      return keep(context, command)
    case 'take':
      return take(context, command)
    case 'holders':
      return holders(context, command)
    case 'free':
      return free(context, command)
    case 'disk':
      return disk(context, command)
    case 'call':
      return call(context, command)
    case 'notify':
      return notify(context, command)
    case 'watch':
      return watch(context, command)
    case 'history':
      return history(context, command)
    case 'diff':
      return diff(context, command)
    case 'versions':
      return versions(context, command)
    case 'name':
      return name(context, command)
    case 'describe':
      return describe(context, command)
    case 'gone':
      return gone(context, command)
    case 'restore':
      return restore(context, command)
    case 'follow':
      return follow(context, command)
    case 'warrant':
      return saveWarrant(context, command)
    case 'repair':
      return repair(context, command)
    case 'network':
      return network(context, command)
    case 'check':
      return check(context, command)
    case 'lookup':
      return lookup(context, command)
    case 'status':
      return status(context)
    case 'rules':
      return rules(context, command)
    case 'move-source':
      return moveSource(context, command)
    case 'peers':
      return peers(context, command)
    case 'limits':
      return limits(context, command)
    case 'room':
      return room(context, command)
    case 'pause':
      return pause(context, command)
    case 'resume':
      return resume(context, command)
    case 'forget':
      return forget(context, command)
    case 'diagnostics':
      return diagnostics(context, command)
    default:
      return assertNever(command)
  }
}

/** Where a command puts the one file that it makes. */
function fileIn(command: Command): string | null {
  if (command.name === 'get') return 'zip' in command.to ? command.to.zip : null
  return command.name === 'receipt' || command.name === 'warrant' ? command.out : null
}

/** Being stopped is no failure to explain, unless the command has something to say about it. */
function stopped(output: Output, error: unknown): number {
  if (error instanceof Error && 'code' in error && error.code === 'STOPPED') output.failure(error)
  return EXIT.stopped
}

function say(output: Output, text: string, object: unknown): number {
  output.result(text, object)
  return EXIT.done
}

const bootstrapGiven = (args: readonly string[]) =>
  args.some(arg => arg === '--bootstrap' || arg.startsWith('--bootstrap='))
