/** The man page of `cairn`, from the list of commands: for `man`, in its macros. Pure. */
import { COMMANDS, type CommandName, COMMON, ENVIRONMENT, EXIT_CODES, GROUPS, type Options } from './commands.ts'

type Pair = readonly [name: string, meaning: string]

const FILES: readonly Pair[] = [
  ['~/.local/share/cairn, $XDG_DATA_HOME/cairn', 'what Cairn keeps, on Linux'],
  ['~/Library/Application Support/Cairn', 'the same on macOS'],
  ['%APPDATA%\\Cairn', 'the same on Windows'],
  ['store/', 'in there: the archives'],
  ['registry.json', 'the library, and the secrets of private archives, which nobody else may read'],
  ['settings.json', 'the settings'],
  ['cairn.log', 'what went wrong'],
  ['.cairnignore', 'in a folder that is published: what stays out of it, in the syntax of .gitignore'],
]

const EXAMPLES: readonly Pair[] = [
  ['cairn publish ~/Pictures/Holiday', 'shares a folder, prints its link, and goes on sharing until Ctrl-C'],
  ['cairn ls LINK', 'what is in an archive that somebody gave you the link of'],
  ['cairn get LINK/photos ~/Downloads', 'one folder of it'],
  ['cairn get LINK --zip - > all.zip', 'everything, as a zip'],
  ['cairn keep LINK --only /photos/ --growth 20GB', 'holds a part of it, follows its changes, and serves it to others'],
  ['cat link.txt | cairn ls -', 'a link that nobody else on this machine is to see'],
  ['cairn status --json', 'for a program'],
]

export function manual(version: string): string {
  return [
    '.\\" Made by: cairn man',
    `.TH CAIRN 1 "" "Cairn ${quoted(version)}" "User Commands"`,
    // Lines are not filled up with spaces, and no word is cut: what stands there may be copied.
    '.nh',
    '.ad l',
    '.SH NAME',
    'cairn \\- share folders with the people you know',
    '.SH SYNOPSIS',
    '.B cairn',
    '.I COMMAND',
    '.RI [ WORD .\\|.\\|.]',
    '.RI [ OPTIONS ]',
    '.SH DESCRIPTION',
    text('Cairn shares folders with the people you know, from your machine to theirs. There is no server.'),
    text(
      'You publish a folder and get a link. Whoever has the link can look around without downloading everything, takes what they want, and sees every change that you make.',
    ),
    text('Where a Cairn runs on the same storage already, in a window or without, a command uses that one.'),
    text(
      'A LINK looks like hyper://KEY, and LINK/path is a file or a folder in it; LINK+N is its version N. A LINK of - is read from standard input, so that nobody else on the machine sees it.',
    ),
    text('The window is opened from the menu of the system; without a command, cairn shows what there is.'),
    ...Object.entries(GROUPS).flatMap(([title, names]) => [
      `.SH "COMMANDS: ${quoted(title.toUpperCase())}"`,
      ...names.flatMap(ofCommand),
    ]),
    '.SH "OPTIONS OF ALL COMMANDS"',
    text('Those that only print something, or check a file, take --json and --help alone.'),
    ...optionList(COMMON),
    '.SH "EXIT STATUS"',
    ...list(EXIT_CODES.map(([code, meaning]) => [String(code), meaning])),
    '.SH ENVIRONMENT',
    ...list(ENVIRONMENT),
    '.SH FILES',
    ...list(FILES),
    '.SH EXAMPLES',
    ...list(EXAMPLES),
    '.SH "SEE ALSO"',
    text('cairn help COMMAND says of one command what stands here of all.'),
    '',
  ].join('\n')
}

function ofCommand(name: CommandName): readonly string[] {
  const { usage, about, more, options } = COMMANDS[name]
  return [
    `.SS "cairn ${quoted(usage)}"`,
    escaped(about),
    ...(more === undefined ? [] : [text(more)]),
    ...optionList(options),
  ]
}

const optionList = (options: Options): readonly string[] =>
  Object.entries(options).flatMap(([name, { short, value, help }]) => [
    '.TP',
    [
      ...(short ? [`\\fB${escaped(`-${short}`)}\\fR,`] : []),
      `\\fB${escaped(`--${name}`)}\\fR`,
      ...(value ? [`\\fI${escaped(value)}\\fR`] : []),
    ].join(' '),
    escaped(help),
  ])

const list = (pairs: readonly Pair[]): readonly string[] =>
  pairs.flatMap(([name, meaning]) => ['.TP', `\\fB${escaped(name)}\\fR`, escaped(meaning)])

const text = (words: string): string => `.PP\n${escaped(words)}`

/** Nothing of it is a macro, and what is typed can be copied from the page. */
function escaped(words: string): string {
  const safe = words
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll("'", '\\(aq')
    .replaceAll('~', '\\(ti')
    .replaceAll('^', '\\(ha')
    .replaceAll('`', '\\(ga')
    .replaceAll(
      /[^\x20-\x7e]/gu,
      character => `\\[u${character.codePointAt(0)?.toString(16).toUpperCase().padStart(4, '0')}]`,
    )
  return safe.startsWith('.') ? `\\&${safe}` : safe
}

/** Within the quotes of a macro. */
const quoted = (words: string): string => escaped(words).replaceAll('"', '\\(dq')
