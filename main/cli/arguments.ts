/** From an argument list to one of the things that the CLI can do. Pure. */
import { isIPv4 } from 'node:net'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { LONGEST_MESSAGE } from '../../preload/contract/index.ts'
import { parseLink } from '../archives/links.ts'
import { bootstrapNodes, defaultStorage } from '../lib/places.ts'
import { COMMANDS, COMMON, type CommandName, isCommand, type Options, optionsOf } from './commands.ts'
import { isShell, type Shell, SHELLS } from './completions.ts'
import { CliError } from './failure.ts'
import { helpFor } from './help.ts'
import { parseTimes } from './week.ts'

/** Characters of what a machine is called. */
const LONGEST_PERSON = 100

/** Bytes per second. */
const SLOWEST = 10_000

type Environment = Readonly<Record<string, string | undefined>>

export type Common = {
  readonly storage: string
  readonly bootstrap: readonly string[] | null
  readonly json: boolean
  readonly adopt?: boolean
}
export type Command =
  | { readonly name: 'help'; readonly text: string }
  | { readonly name: 'version' }
  | { readonly name: 'completions'; readonly shell: Shell }
  | { readonly name: 'man' }
  | ({
      readonly name: 'desktop'
      /** null: shows it. */
      readonly wanted: boolean | null
    } & Common)
  | ({ readonly name: 'serve'; readonly port: number | null; readonly allowHosts: readonly string[] } & Common)
  | ({
      readonly name: 'publish'
      readonly paths: readonly string[]
      readonly title: string | null
      readonly private: boolean
      readonly exclude: readonly string[]
      readonly message: string | null
      readonly yes: boolean
      readonly exit: boolean
    } & Common)
  | ({
      readonly name: 'ls'
      readonly link: string
      readonly recursive: boolean
      readonly timeout: number | null
    } & Common)
  | ({
      readonly name: 'get'
      readonly link: string
      readonly to: { readonly folder: string } | { readonly zip: string }
      readonly overwrite: boolean
      readonly timeout: number | null
    } & Common)
  | ({
      readonly name: 'link'
      readonly link: string
      /** null: that of the link, or the newest. */
      readonly version: number | null
      readonly pin: boolean
      readonly timeout: number | null
    } & Common)
  | ({
      readonly name: 'receipt'
      readonly link: string
      readonly folder: string | null
      /** null: beside the file, or here. */
      readonly out: string | null
      readonly overwrite: boolean
      readonly timeout: number | null
    } & Common)
  | ({ readonly name: 'verify'; readonly file: string; readonly receipt: string } & Common)
  | ({
      readonly name: 'keep'
      readonly link: string
      readonly folder: string | null
      readonly only: readonly string[]
      /** null: as it is. */
      readonly ask: boolean | null
      readonly growth: number | 'any' | null
      readonly exit: boolean
      readonly timeout: number | null
    } & Common)
  | ({
      readonly name: 'call'
      /** A public key, or its beginning. */
      readonly machine: string
      /** null: none any more; undefined: as it is. */
      readonly called: string | null | undefined
    } & Common)
  | ({
      readonly name: 'notify'
      /** null: all archives. */
      readonly link: string | null
      /** null: as it is. */
      readonly on: boolean | null
    } & Common)
  | ({
      readonly name: 'watch'
      readonly link: string
      readonly stop: boolean
      readonly timeout: number | null
    } & Common)
  | ({
      readonly name: 'history'
      readonly link: string
      readonly changes: boolean
      readonly version: number | null
      readonly limit: number | null
      readonly timeout: number | null
    } & Common)
  | ({
      readonly name: 'diff'
      readonly link: string
      readonly from: number
      readonly to: number
      readonly timeout: number | null
    } & Common)
  | ({ readonly name: 'versions'; readonly link: string; readonly timeout: number | null } & Common)
  | ({
      readonly name: 'name'
      readonly link: string
      /** null: none any more. */
      readonly called: string | null
      readonly version: number | null
    } & Common)
  | ({
      readonly name: 'describe'
      readonly link: string
      /** null: nothing is said any more. */
      readonly text: string | null
      readonly version: number | null
    } & Common)
  | ({
      readonly name: 'gone'
      readonly link: string
      /** Of names; null: what lay in the folder itself. */
      readonly part: string | null
      readonly all: boolean
      readonly timeout: number | null
    } & Common)
  | ({
      readonly name: 'restore'
      readonly link: string
      /** Of the archive; null: that of the link. */
      readonly path: string | null
      readonly version: number | null
      readonly message: string | null
    } & Common)
  | ({
      readonly name: 'take'
      readonly link: string
      readonly list: boolean
      readonly choose: readonly string[]
      readonly stay: boolean
    } & Common)
  | ({
      readonly name: 'holders'
      readonly link: string
      readonly rarest: number | null
      readonly timeout: number | null
    } & Common)
  | ({
      readonly name: 'free'
      readonly link: string
      readonly paths: readonly string[]
      readonly others: number
      readonly dryRun: boolean
      readonly undo: boolean
      readonly timeout: number | null
    } & Common)
  | ({
      readonly name: 'disk'
      readonly link: string | null
      readonly clear: boolean
      readonly cache: number | null
    } & Common)
  | ({ readonly name: 'follow'; readonly link: string; readonly stay: boolean } & Common)
  | ({ readonly name: 'warrant'; readonly link: string; readonly out: string } & Common)
  | ({ readonly name: 'check-warrant'; readonly file: string } & Common)
  | ({ readonly name: 'repair'; readonly link: string; readonly to: number | null; readonly yes: boolean } & Common)
  | ({
      readonly name: 'network'
      readonly table: boolean
      /** null: it stays as it is; empty: the public ones. */
      readonly beginWith: readonly string[] | null
    } & Common)
  | ({ readonly name: 'check'; readonly link: string } & Common)
  | ({ readonly name: 'lookup'; readonly link: string; readonly fresh: boolean } & Common)
  | ({
      readonly name: 'dht'
      readonly port: number
      readonly host: string | null
      readonly nodes: number
    } & Common)
  | ({ readonly name: 'status' } & Common)
  | ({
      readonly name: 'rules'
      readonly target: string
      readonly ignore: readonly string[]
      readonly include: readonly string[]
      readonly message: string | null
    } & Common)
  | ({
      readonly name: 'move-source'
      readonly target: string
      readonly to: string
      readonly from: string | null
      readonly force: boolean
    } & Common)
  | ({ readonly name: 'peers'; readonly link: string | null } & Common)
  | ({
      readonly name: 'limits'
      readonly link: string | null
      /** Bytes per second; null: as it is. */
      readonly down: number | 'any' | null
      readonly up: number | 'any' | null
      readonly at: ReturnType<typeof parseTimes> | 'none'
      readonly connections: number | null
    } & Common)
  /** `wanted` null: as it is. */
  | ({ readonly name: 'room'; readonly wanted: boolean | null } & Common)
  /** `target` null: everything. */
  | ({ readonly name: 'pause'; readonly target: string | null } & Common)
  | ({
      readonly name: 'resume'
      readonly target: string | null
      readonly remove: boolean
      readonly message: string | null
    } & Common)
  | ({ readonly name: 'forget'; readonly link: string; readonly yes: boolean } & Common)
  | ({ readonly name: 'diagnostics'; readonly out: string } & Common)
  /** `of` null: all of them. */
  | { readonly name: 'licences'; readonly of: string | null }

/** Where a zip, a receipt or a proof goes that is not written to a file. */
export const TO_STDOUT = '-'

/** A link that is to be read from standard input: arguments can be seen by every account of the machine. */
export const FROM_STDIN = '-'

const ALL_OPTIONS: Options = Object.assign(
  {},
  COMMON,
  ...Object.values(COMMANDS).map(({ options }) => options),
) as Options

/** Throws CliError USAGE for what it does not understand, and INVALID_LINK for what is no link. */
export function parseArguments(args: readonly string[], environment: Environment): Command {
  const loose = parseArgs({
    args: [...args],
    options: { ...bare(ALL_OPTIONS), version: { type: 'boolean', short: 'v' } },
    strict: false,
    allowPositionals: true,
  })
  const [name] = loose.positionals
  if (name === undefined && loose.values['version'] === true) return { name: 'version' }
  if (name === undefined && (loose.values['help'] === true || args.length === 0))
    return { name: 'help', text: helpFor(null) }
  if (name === undefined) throw usage('Which command?', null)
  if (name === 'help') {
    const [, about = null] = loose.positionals
    if (about !== null && !isCommand(about)) throw noCommand(about)
    return { name: 'help', text: helpFor(about) }
  }
  if (!isCommand(name)) throw noCommand(name)
  if (loose.values['help'] === true) return { name: 'help', text: helpFor(name) }
  const { values, positionals } = parseStrictly(name, args)
  const words = positionals.slice(1)
  const [least, most] = COMMANDS[name].words
  if (words.length < least || words.length > most)
    throw usage(
      words.length < least ? `${missingWords(name, words.length)}.` : `"${words[most] ?? ''}" is one too many.`,
      name,
    )
  return build(name, words, new Values(values, name), environment)
}

/** By what its usage calls them. */
function missingWords(name: CommandName, given: number): string {
  const { usage: written, words } = COMMANDS[name]
  const wanted = written
    .replace(/ \[?--.*$/, '')
    .split(' ')
    .slice(1 + given, 1 + words[0])
  return `Something is missing: ${wanted.map(word => word.replace(/\[.*?\]$|\.\.\.$/g, '')).join(' and ')}`
}

function build(name: CommandName, words: readonly string[], values: Values, environment: Environment): Command {
  const common: Common = {
    storage: resolve(values.text('storage') ?? defaultStorage(environment)),
    bootstrap: values.nodes('bootstrap', environment),
    json: values.flag('json'),
    ...(values.flag('adopt') ? { adopt: true } : {}),
  }
  const [first = '', second = null] = words
  switch (name) {
    case 'serve':
      return { name, ...common, port: values.number('port', 65_535, /^\d+$/), allowHosts: values.texts('allow-host') }
    case 'publish':
      return {
        name,
        ...common,
        paths: words,
        title: values.text('title'),
        private: values.flag('private'),
        exclude: values.texts('exclude'),
        message: values.message(),
        yes: values.flag('yes'),
        exit: values.flag('exit'),
      }
    case 'ls':
      return {
        name,
        ...common,
        link: checkedLink(first),
        recursive: values.flag('recursive'),
        timeout: values.number('timeout', 86_400),
      }
    case 'get':
      return {
        name,
        ...common,
        link: checkedLink(first),
        to: destination(second, values.text('zip')),
        overwrite: values.flag('overwrite'),
        timeout: values.number('timeout', 86_400),
      }
    case 'link':
      return {
        name,
        ...common,
        link: checkedLink(first),
        version: values.number('version', Number.MAX_SAFE_INTEGER, /^[1-9]\d*$/),
        pin: values.flag('pin'),
        timeout: values.number('timeout', 86_400),
      }
    case 'receipt':
      return {
        name,
        ...common,
        link: checkedLink(first),
        folder: second,
        out: values.text('out'),
        overwrite: values.flag('overwrite'),
        timeout: values.number('timeout', 86_400),
      }
    case 'verify':
      return { name, ...common, file: first, receipt: second ?? '' }
    case 'keep':
      if (second !== null && values.texts('only').length > 0)
        throw usage('A folder follows all of an archive: leave out either FOLDER or --only.', name)
      return {
        name,
        ...common,
        link: checkedLink(first),
        folder: second,
        only: values.texts('only'),
        ask: values.flag('ask') ? true : values.flag('no-ask') ? false : null,
        growth: values.text('growth') === 'any' ? 'any' : values.size('growth'),
        exit: values.flag('exit'),
        timeout: values.number('timeout', 86_400),
      }
    case 'call': {
      const remove = values.flag('remove')
      const called = second?.trim()
      // As it is shown elsewhere.
      const machine = first.replace(/(…|\.{3})$/, '')
      if (!/^[ybndrfg8ejkmcpqxot1uwisza345h769]{6,52}$/.test(machine))
        throw usage('KEY is the key of a machine, or its first letters, six at least.', name)
      if (remove && called !== undefined) throw usage('A name or --remove? Leave out either of both.', name)
      if (called !== undefined && (called === '' || called.length > LONGEST_PERSON))
        throw usage(`A name has ${LONGEST_PERSON} characters at most, and one at least.`, name)
      return { name, ...common, machine, called: remove ? null : called }
    }
    case 'notify':
      if (values.flag('on') && values.flag('off')) throw usage('On or off? Leave out either of both.', name)
      return {
        name,
        ...common,
        link: words.length === 0 ? null : checkedLink(first),
        on: values.flag('on') ? true : values.flag('off') ? false : null,
      }
    case 'watch':
      return {
        name,
        ...common,
        link: checkedLink(first),
        stop: values.flag('stop'),
        timeout: values.number('timeout', 86_400),
      }
    case 'history':
      return {
        name,
        ...common,
        link: checkedLink(first),
        changes: values.flag('changes'),
        version: values.number('version', Number.MAX_SAFE_INTEGER, /^[1-9]\d*$/),
        limit: values.number('limit', Number.MAX_SAFE_INTEGER, /^[1-9]\d*$/),
        timeout: values.number('timeout', 86_400),
      }
    case 'diff':
      return {
        name,
        ...common,
        link: checkedLink(first),
        ...versionsBetween(second, words[2]),
        timeout: values.number('timeout', 86_400),
      }
    case 'versions':
      return { name, ...common, link: checkedLink(first), timeout: values.number('timeout', 86_400) }
    case 'name':
      return { name, ...common, link: checkedLink(first), called: second, version: version(values) }
    case 'describe':
      if (first === FROM_STDIN && second === FROM_STDIN)
        throw usage('Only one of the link and the text can come from standard input.', name)
      return { name, ...common, link: checkedLink(first), text: second, version: version(values) }
    case 'gone':
      return {
        name,
        ...common,
        link: checkedLink(first),
        part: values.text('find'),
        all: values.flag('all'),
        timeout: values.number('timeout', 86_400),
      }
    case 'restore':
      return {
        name,
        ...common,
        link: checkedLink(first),
        path: second === null ? null : second.startsWith('/') ? second : `/${second}`,
        version: version(values),
        message: values.message(),
      }
    case 'take': {
      const [list, choose, stay] = [values.flag('list'), values.texts('choose'), values.flag('stay')]
      if ([list, choose.length > 0, stay].filter(Boolean).length > 1)
        throw usage('Say one of --list, --choose and --stay.', name)
      return { name, ...common, link: checkedLink(first), list, choose, stay }
    }
    case 'holders':
      return {
        name,
        ...common,
        link: checkedLink(first),
        rarest: values.number('rarest', 1000, /^[1-9]\d*$/),
        timeout: values.number('timeout', 86_400),
      }
    case 'free':
      return {
        name,
        ...common,
        link: checkedLink(first),
        paths: words.slice(1),
        others: values.number('others', 100, /^[1-9]\d*$/) ?? 2,
        dryRun: values.flag('dry-run'),
        undo: values.flag('undo'),
        timeout: values.number('timeout', 86_400),
      }
    case 'disk':
      return {
        name,
        ...common,
        link: first === '' ? null : checkedLink(first),
        clear: values.flag('clear'),
        cache: values.size('cache'),
      }
    case 'follow':
      return { name, ...common, link: checkedLink(first), stay: values.flag('stay') }
    case 'warrant': {
      const [out, check] = [values.text('out'), values.text('check')]
      if ((out === null) === (check === null) || (check === null) !== (first !== ''))
        throw usage('Either a LINK and --out FILE, or --check FILE.', name)
      if (check !== null) return { name: 'check-warrant', ...common, file: check }
      return { name, ...common, link: checkedLink(first), out: out ?? '' }
    }
    case 'repair':
      return {
        name,
        ...common,
        link: checkedLink(first),
        to: values.number('to', Number.MAX_SAFE_INTEGER, /^[1-9]\d*$/),
        yes: values.flag('yes'),
      }
    case 'network': {
      const given = values.texts('begin-with')
      const beginWith = given.length === 0 ? null : given.length === 1 && given[0] === 'public' ? [] : given
      if (beginWith !== null && beginWith.length > 0) values.nodes('begin-with', {})
      return { name, ...common, table: values.flag('table'), beginWith }
    }
    case 'check':
      return { name, ...common, link: checkedLink(first) }
    case 'lookup':
      return { name, ...common, link: checkedLink(first), fresh: values.flag('fresh') }
    case 'dht': {
      const [port, host] = [values.number('port', 65_535, /^[1-9]\d*$/), values.text('host')]
      if (port === null) throw usage('Something is missing: --port N.', name)
      if (host !== null && (!isIPv4(host) || host === '0.0.0.0'))
        throw usage(`--host wants the IPv4 address at which others reach this machine, not "${host}".`, name)
      return { name, ...common, port, host, nodes: values.number('nodes', 64, /^[1-9]\d*$/) ?? 6 }
    }
    case 'status':
      return { name, ...common }
    case 'diagnostics':
      return { name, ...common, out: values.text('out') ?? TO_STDOUT }
    case 'licences':
      return { name, of: first === '' ? null : first }
    case 'rules':
      return {
        name,
        ...common,
        target: checkedTarget(first),
        ignore: values.texts('ignore'),
        include: values.texts('include'),
        message: values.message(),
      }
    case 'move-source':
      return {
        name,
        ...common,
        target: checkedTarget(first),
        to: second ?? '',
        from: values.text('from'),
        force: values.flag('force'),
      }
    case 'peers':
      return { name, ...common, link: first === '' ? null : checkedLink(first) }
    case 'limits': {
      const [at, connections] = [values.text('at'), values.number('connections', 1000, /^[1-9]\d*$/)]
      const times = at === null || at === 'none' ? null : parseTimes(at)
      if (at !== null && at !== 'none' && times === null)
        throw usage(`--at wants days and times, as in "weekdays 9:00-17:00", not "${at}".`, name)
      if (first !== '' && (at !== null || connections !== null))
        throw usage('--at and --connections are of everything: leave out the link.', name)
      const [down, up] = [values.rate('down'), values.rate('up')]
      if (times !== null && down === null && up === null)
        throw usage('Say with --down or --up what holds at that time.', name)
      const link = first === '' ? null : checkedLink(first)
      return { name, ...common, link, down, up, at: at === 'none' ? 'none' : times, connections }
    }
    case 'room':
      if (!['', 'on', 'off'].includes(first)) throw usage(`It is on or off, not "${first}".`, name)
      return { name, ...common, wanted: first === '' ? null : first === 'on' }
    case 'pause':
      return { name, ...common, target: targetOrAll(first, values) }
    case 'resume':
      if (values.text('message') !== null && !values.flag('remove'))
        throw usage('--message goes with --remove: without it there is no version to be described.', name)
      return {
        name,
        ...common,
        target: targetOrAll(first, values),
        remove: values.flag('remove'),
        message: values.message(),
      }
    case 'forget':
      return { name, ...common, link: checkedLink(first), yes: values.flag('yes') }
    case 'desktop':
      if (values.flag('add') && values.flag('remove')) throw usage('Either --add or --remove, not both.', name)
      return { name, ...common, wanted: values.flag('add') ? true : values.flag('remove') ? false : null }
    case 'completions':
      if (!isShell(first)) throw usage(`There is nothing for "${first}", but for ${SHELLS.join(', ')}.`, name)
      return { name, shell: first }
    case 'man':
      return { name }
  }
}

const version = (values: Values) => values.number('version', Number.MAX_SAFE_INTEGER, /^\d+$/)

function destination(
  folder: string | null,
  zip: string | null,
): { readonly folder: string } | { readonly zip: string } {
  if (folder !== null && zip !== null) throw usage('It goes into a folder or into a zip, not both.', 'get')
  if (zip !== null) return { zip }
  if (folder === null) throw usage('Something is missing: the folder that it goes to.', 'get')
  return { folder }
}

/** Before anything is started for it. */
function versionsBetween(from: string | null, to = ''): { readonly from: number; readonly to: number } {
  const [earlier, later] = [from ?? '', to].map(word => (/^\d{1,15}$/.test(word) ? Number(word) : Number.NaN))
  if (earlier === undefined || later === undefined || !(earlier < later))
    throw usage('Two versions, the earlier one first, as cairn history shows them.', 'diff')
  return { from: earlier, to: later }
}

function checkedLink(link: string): string {
  if (link !== FROM_STDIN) parseLink(link)
  return link
}

/** What an archive of one's own is named by: its link, or what it is made from. */
export const isLink = (target: string): boolean => target === FROM_STDIN || target.includes('://')

/** null: everything. */
function targetOrAll(first: string, values: Values): string | null {
  if (values.flag('all') === (first !== '')) throw usage('Either a LINK or PATH, or --all.', 'pause')
  return first === '' ? null : checkedTarget(first)
}

const checkedTarget = (target: string): string => (isLink(target) ? checkedLink(target) : target)

class Values {
  readonly #values: Readonly<Record<string, unknown>>
  readonly #command: CommandName

  constructor(values: Readonly<Record<string, unknown>>, command: CommandName) {
    this.#values = values
    this.#command = command
  }

  flag(name: string): boolean {
    return this.#values[name] === true
  }

  text(name: string): string | null {
    const value = this.#values[name]
    if (value === '') throw usage(`--${name} is empty.`, this.#command)
    return typeof value === 'string' ? value : null
  }

  /** What is said of a version; null: nothing. */
  message(): string | null {
    const text = this.text('message')
    if (text !== null && text.trim().length > LONGEST_MESSAGE)
      throw usage(`--message is longer than ${LONGEST_MESSAGE} characters.`, this.#command)
    return text
  }

  texts(name: string): readonly string[] {
    return (this.#values[name] as readonly string[] | undefined) ?? []
  }

  number(name: string, most: number, form = /^\d+(\.\d+)?$/): number | null {
    const text = this.text(name)
    if (text === null) return null
    const value = Number(text)
    if (!form.test(text) || value > most)
      throw usage(`--${name} wants a number up to ${most}, not "${text}".`, this.#command)
    return value
  }

  /** In bytes. */
  size(name: string): number | null {
    return this.#bytes(name, 'a size such as 500MB or 20GB')
  }

  /** In bytes per second. */
  rate(name: string): number | 'any' | null {
    if (this.text(name) === 'any') return 'any'
    const bytes = this.#bytes(name, 'a speed such as 500kB or 10MB, or any')
    if (bytes !== null && bytes < SLOWEST)
      throw usage(`--${name} wants 10kB at least: a single block would take minutes.`, this.#command)
    return bytes
  }

  #bytes(name: string, wanted: string): number | null {
    const text = this.text(name)
    if (text === null) return null
    const match = /^(\d+(?:\.\d+)?)\s*([kMGT]?)B?$/i.exec(text)
    const power = ['', 'k', 'm', 'g', 't'].indexOf((match?.[2] ?? '').toLowerCase())
    const bytes = Math.round(Number(match?.[1]) * 1000 ** power)
    if (match === null || !Number.isSafeInteger(bytes))
      throw usage(`--${name} wants ${wanted}, not "${text}".`, this.#command)
    return bytes
  }

  /** Those of the environment where none are given. */
  nodes(name: string, environment: Environment): readonly string[] | null {
    try {
      return bootstrapNodes(this.texts(name), environment)
    } catch (error) {
      throw usage(`${(error as Error).message}.`, this.#command)
    }
  }
}

function parseStrictly(
  name: CommandName,
  args: readonly string[],
): { readonly values: Readonly<Record<string, unknown>>; readonly positionals: readonly string[] } {
  try {
    return parseArgs({ args: [...args], options: bare(optionsOf(name)), allowPositionals: true })
  } catch (error) {
    throw usage(misread(error as NodeJS.ErrnoException), name)
  }
}

/** What was wrong with an option, in words. */
function misread({ code, message }: NodeJS.ErrnoException): string {
  const option = /'(?:-\w, )?(--[\w-]+)/.exec(message)?.[1]
  if (code === 'ERR_PARSE_ARGS_INVALID_OPTION_VALUE' && option !== undefined)
    return message.includes('does not take')
      ? `${option} takes no value.`
      : `${option} wants a value after it, which does not begin with a dash.`
  return message.split(/\. To specify|\n/)[0]?.replace(/\.?$/, '.') ?? 'That is not understood.'
}

type Bare = Record<string, { type: 'string' | 'boolean'; multiple?: boolean; short?: string }>

function bare(options: Options): Bare {
  return Object.fromEntries(
    Object.entries(options).map(([name, { type, multiple, short }]) => [
      name,
      { type, ...(multiple ? { multiple } : {}), ...(short ? { short } : {}) },
    ]),
  )
}

const usage = (message: string, command: CommandName | null) =>
  new CliError('USAGE', `${message} Try: cairn ${command === null ? '--help' : `${command} --help`}`)

function noCommand(name: string): CliError {
  const meant = nearest(name)
  return usage(`There is no command "${name}".${meant === null ? '' : ` Did you mean ${meant}?`}`, null)
}

/** The one command that a letter or two make of it; null: none, or several. */
function nearest(name: string): string | null {
  const names = [...Object.keys(COMMANDS), 'help']
  for (const most of [1, 2].filter(most => most < name.length - 1)) {
    const near = names.filter(other => distance(name, other) <= most)
    if (near.length > 0) return near.length === 1 ? (near[0] ?? null) : null
  }
  return null
}

/** How many letters have to be put in, taken out or replaced, or exchanged with the next one. */
function distance(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, at) => at)]
  const at = (row: number, column: number) => rows[row]?.[column] ?? Number.POSITIVE_INFINITY
  for (let i = 1; i <= a.length; i++) {
    rows[i] = [i]
    for (let j = 1; j <= b.length; j++) {
      const isSame = a[i - 1] === b[j - 1]
      const isSwapped = a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      rows[i]?.push(
        Math.min(
          at(i - 1, j) + 1,
          at(i, j - 1) + 1,
          at(i - 1, j - 1) + (isSame ? 0 : 1),
          isSwapped ? at(i - 2, j - 2) + 1 : Number.POSITIVE_INFINITY,
        ),
      )
    }
  }
  return at(a.length, b.length)
}
