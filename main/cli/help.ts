/** `--help` in words, from the list of commands, at most 80 columns wide. Pure. */
import { COMMANDS, type CommandName, COMMON, EXIT_CODES, GROUPS, type Options, optionsOf } from './commands.ts'

/** Columns: what a terminal has at least. */
const WIDTH = 80
/** Columns of what is explained: what is longer has a line of its own. */
const LEFT = 28

/** null: the overview. */
export function helpFor(command: CommandName | null): string {
  return (command === null ? overview() : ofCommand(command)).join('\n')
}

function overview(): readonly string[] {
  return [
    'Cairn shares folders with the people you know, from your machine to theirs.',
    '',
    'Usage: cairn COMMAND',
    ...Object.entries(GROUPS).flatMap(([title, names]) => [
      '',
      `${title}:`,
      ...explained(
        names.map(name => [name, COMMANDS[name].short]),
        13,
      ),
    ]),
    '',
    'Options of all commands that have to do with archives:',
    ...explained(options(COMMON)),
    '',
    ...wrapped('A LINK of - is read from standard input, so that nobody else on the machine sees it.', WIDTH),
    '',
    ...exitCodes(),
    '',
    'cairn help COMMAND says more. cairn --version prints the version.',
  ]
}

function ofCommand(command: CommandName): readonly string[] {
  const { usage, about, more } = COMMANDS[command]
  return [
    `Usage: cairn ${usage} [options]`,
    '',
    ...wrapped(about, WIDTH),
    ...(more === undefined ? [] : ['', ...wrapped(more, WIDTH)]),
    '',
    'Options:',
    ...explained(options(optionsOf(command))),
    '',
    ...exitCodes(),
  ]
}

const exitCodes = (): readonly string[] => [
  'Exit codes:',
  ...explained(
    EXIT_CODES.map(([code, meaning]) => [String(code), meaning]),
    4,
  ),
]

const options = (all: Options): readonly (readonly [string, string])[] =>
  Object.entries(all).map(([name, { short, value, help }]) => [
    `${short ? `-${short}, ` : '    '}--${name}${value ? ` ${value}` : ''}`,
    help,
  ])

/** What each is, beside it where there is room. */
function explained(all: readonly (readonly [name: string, meaning: string])[], left = LEFT): readonly string[] {
  return all.flatMap(([name, meaning]) => {
    const [first = '', ...rest] = wrapped(meaning, WIDTH - left - 2)
    const beside = name.length < left
    return [
      beside ? `  ${name.padEnd(left)}${first}` : `  ${name}`,
      ...(beside ? rest : [first, ...rest]).map(line => ' '.repeat(left + 2) + line),
    ]
  })
}

/** Lines of at most `width` columns; what has no room in one stays whole. */
function wrapped(text: string, width: number): readonly string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line]
}
