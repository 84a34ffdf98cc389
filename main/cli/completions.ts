/**
 * What makes a shell complete the commands of `cairn`, from the list of commands. Pure text: a shell that had to ask the
 * program for each key that is pressed would wait for it longer than a person does.
 */
import {
  COMMANDS,
  type CommandName,
  COMMON,
  GROUPS,
  type Option,
  type Options,
  optionsOf,
  type Wanted,
  wantedBy,
} from './commands.ts'

export const SHELLS = ['bash', 'zsh', 'fish', 'powershell'] as const
export type Shell = (typeof SHELLS)[number]

export const isShell = (name: string): name is Shell => (SHELLS as readonly string[]).includes(name)

/** What stands before any command as well. */
const OVERALL: Options = { ...COMMON, version: { type: 'boolean', short: 'v', help: 'print the version' } }

const NAMES: readonly CommandName[] = Object.values(GROUPS).flat()

export function completionsFor(shell: Shell): string {
  return { bash, zsh, fish, powershell }[shell]()
}

function bash(): string {
  const values = new Map<string, string[]>()
  const add = (command: string, options: Options) => {
    for (const [name, option] of Object.entries(options)) {
      const wanted = wantedBy(option)
      if (typeof wanted === 'string') values.set(wanted, [...(values.get(wanted) ?? []), `'${command} --${name}'`])
    }
  }
  add('', OVERALL)
  for (const name of NAMES) add(name, optionsOf(name))
  return `# bash completion for cairn, made by: cairn completions bash
_cairn() {
  local line=$COMP_LINE gap word i option='' command='' given=' ' count=0 wanted='' value
  local options takes='' most=0 several=''
  local -a words kinds
  words=() COMPREPLY=()

  # Links and --option=value come in pieces, since bash ends a word at : and =.
  for ((i = 0; i <= COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
    gap=\${line%%[![:space:]]*}
    line=\${line#"$gap"}
    line=\${line#"$word"}
    if [[ -z $gap && $i -gt 0 ]]; then
      words[\${#words[@]}-1]+=$word
    else
      words+=("$word")
    fi
  done

  for ((i = 1; i < \${#words[@]} - 1; i++)); do
    word=\${words[i]}
    if [[ -n $option ]]; then
      option=''
      continue
    fi
    case $word in
      --*=*) given+="\${word%%=*} " ;;
      -*)
        given+="$word "
        if [[ -n $(_cairn_value "$command" "$word") ]]; then option=$word; fi
        ;;
      *) if [[ -z $command ]]; then command=$word; else ((count += 1)); fi ;;
    esac
  done
  value=\${words[\${#words[@]}-1]}
  if [[ -z $option && $value == --*=* ]]; then
    option=\${value%%=*}
    value=\${value#*=}
  fi

  case $command in
    '') options='${listed(OVERALL)}' ;;
    help) options='' most=1 takes=command ;;
${NAMES.map(bashCommand).join('\n')}
    *) return ;;
  esac

  if [[ -n $option ]]; then
    wanted=$(_cairn_value "$command" "$option")
  elif [[ $value == -* ]]; then
    wanted=option
  elif [[ -z $command ]]; then
    wanted=command
  elif ((count < most)); then
    kinds=($takes)
    wanted=\${kinds[count < \${#kinds[@]} ? count : \${#kinds[@]} - 1]}
    if [[ -z $value && ($wanted == link || $wanted == text) ]]; then wanted=option; fi
  elif [[ -z $value ]]; then
    wanted=option
  fi

  case $wanted in
    command) COMPREPLY=($(compgen -W '${NAMES.join(' ')} help' -- "$value")) ;;
    option)
      for word in $options; do
        if [[ $word == "$value"* && ($given != *" $word "* || " $several " == *" $word "*) ]]; then COMPREPLY+=("$word"); fi
      done
      ;;
    file | path) compopt -o default 2>/dev/null || _cairn_found -f "$value" ;;
    folder) compopt -o dirnames 2>/dev/null || _cairn_found -d "$value" ;;
    *,*) COMPREPLY=($(compgen -W "\${wanted//,/ }" -- "$value")) ;;
  esac
}

# Where compopt is missing, as in the bash of macOS.
_cairn_found() {
  local name
  while IFS= read -r name; do COMPREPLY+=("$name"); done < <(compgen "$1" -- "$2")
}

# What the value of an option is: nothing, where it has none.
_cairn_value() {
  case "$1 $2" in
${[...values].map(([wanted, names]) => `    ${names.join(' | ')}) echo ${wanted} ;;`).join('\n')}
  esac
}

complete -F _cairn cairn
`
}

function bashCommand(name: CommandName): string {
  const { words, takes = [] } = COMMANDS[name]
  const options = optionsOf(name)
  const several = Object.entries(options).flatMap(([option, { multiple }]) => (multiple ? [`--${option}`] : []))
  return [
    `    ${name}) options='${listed(options)}'`,
    ...(words[1] > 0 ? [`most=${words[1]} takes='${takes.map(kind).join(' ')}'`] : []),
    ...(several.length > 0 ? [`several='${several.join(' ')}'`] : []),
    ';;',
  ].join(' ')
}

const listed = (options: Options): string =>
  Object.entries(options)
    .flatMap(([name, { short }]) => [`--${name}`, ...(short ? [`-${short}`] : [])])
    .join(' ')

/** A list of choices has a comma at least at its end, by which it is known. */
const kind = (wanted: Wanted): string => (typeof wanted === 'string' ? wanted : `${wanted.join(',')},`)

function zsh(): string {
  return `#compdef cairn
# zsh completion for cairn, made by: cairn completions zsh
_cairn() {
  local curcontext=$curcontext state line ret=1
  typeset -A opt_args
  local -a commands
  commands=(
${NAMES.map(name => `    ${quoted(`${name}:${COMMANDS[name].short}`)}`).join('\n')}
    'help:Shows the help of a command'
  )
  _arguments -C \\
${zshOptions(OVERALL)
  .map(option => `    ${option} \\`)
  .join('\n')}
    '(-): :->command' \\
    '(-)*:: :->arguments' && ret=0
  case $state in
    command) _describe -t commands command commands && ret=0 ;;
    arguments)
      curcontext=\${curcontext%:*:*}:cairn-$words[1]:
      case $words[1] in
        help) _describe -t commands command commands && ret=0 ;;
${NAMES.map(
  name => `        ${name})
          _arguments \\
${[...zshOptions(optionsOf(name)), ...zshWords(name)].map(part => `            ${part}`).join(' \\\n')} && ret=0
          ;;`,
).join('\n')}
      esac
      ;;
  esac
  return ret
}

_cairn "$@"
`
}

function zshOptions(options: Options): readonly string[] {
  return Object.entries(options).flatMap(([name, option]) => {
    const { multiple, short, help } = option
    const wanted = wantedBy(option)
    const said = `[${escaped(help)}]`
    const value = wanted === null ? '' : `:${escaped(option.value ?? '')}:${zshAction(wanted)}`
    const others = short ? `(-${short} --${name})` : ''
    const forms = [`--${name}${wanted === null ? '' : '='}`, ...(short ? [`-${short}`] : [])]
    return forms.map(form => quoted(`${multiple ? '*' : others}${form}${said}${value}`))
  })
}

function zshWords(name: CommandName): readonly string[] {
  const { words, takes = [] } = COMMANDS[name]
  const [least, most] = words
  return takes.map((wanted, index) => {
    const isLast = index === takes.length - 1
    const place = isLast && most > takes.length ? '*' : String(index + 1)
    const optional = place !== '*' && index >= least ? ':' : ''
    return quoted(`${place}:${optional}${typeof wanted === 'string' ? wanted : 'choice'}:${zshAction(wanted)}`)
  })
}

function zshAction(wanted: Wanted): string {
  if (typeof wanted !== 'string') return `(${wanted.join(' ')})`
  return { file: '_files', path: '_files', folder: '_files -/', link: ' ', text: ' ' }[wanted]
}

/** Within a specification, where these have a meaning. */
const escaped = (text: string): string => text.replaceAll(/[\\[\]:]/g, character => `\\${character}`)

/** For zsh and bash, which take what stands in quotes as it is. */
const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`

function fish(): string {
  const inFish = (text: string) => `'${text.replaceAll(/[\\']/g, character => `\\${character}`)}'`
  const within = (names: readonly string[]) => `-n ${inFish(`__fish_seen_subcommand_from ${names.join(' ')}`)}`
  const line = (name: string, option: Option, condition: string) =>
    [
      'complete -c cairn',
      condition,
      `-l ${name}`,
      ...(option.short ? [`-s ${option.short}`] : []),
      ...fishValue(wantedBy(option)),
      `-d ${inFish(option.help)}`,
    ].join(' ')
  const noCommand = '-n __fish_use_subcommand'
  return [
    '# fish completion for cairn, made by: cairn completions fish',
    'complete -c cairn -f',
    '',
    ...NAMES.map(name => `complete -c cairn ${noCommand} -a ${name} -d ${inFish(COMMANDS[name].short)}`),
    `complete -c cairn ${noCommand} -a help -d 'Shows the help of a command'`,
    `complete -c cairn ${within(['help'])} -a ${inFish(NAMES.join(' '))}`,
    ...Object.entries(OVERALL).map(([name, option]) => line(name, option, noCommand)),
    ...NAMES.flatMap(name => [
      '',
      ...fishWords(name).map(word => `complete -c cairn ${within([name])} ${word}`),
      ...Object.entries(optionsOf(name)).map(([option, spec]) => line(option, spec, within([name]))),
    ]),
    '',
  ].join('\n')
}

function fishWords(name: CommandName): readonly string[] {
  const wanted = COMMANDS[name].takes ?? []
  const choices = wanted.flatMap(one => (typeof one === 'string' ? [] : one))
  return [
    ...(choices.length > 0 ? [`-a '${choices.join(' ')}'`] : []),
    ...(wanted.includes('file') || wanted.includes('path')
      ? ['-F']
      : wanted.includes('folder')
        ? [`-a '(__fish_complete_directories)'`]
        : []),
  ]
}

function fishValue(wanted: Wanted | null): readonly string[] {
  if (wanted === null) return []
  if (wanted === 'file' || wanted === 'path') return ['-r', '-F']
  if (wanted === 'folder') return ['-x', `-a '(__fish_complete_directories)'`]
  return typeof wanted === 'string' ? ['-x'] : ['-x', `-a '${wanted.join(' ')}'`]
}

/**
 * For Windows PowerShell 5.1 and later ones. Where nothing is returned PowerShell offers files and folders by itself, which is
 * also why nothing is said of what an option's value may be. No `using` stands in it, so that it may stand anywhere in a profile.
 */
function powershell(): string {
  const options = (all: Options) =>
    Object.entries(all).map(([name, option]) => {
      const { multiple = false, short, help } = option
      const parts = [
        `name = ${inPowerShell(`--${name}`)}`,
        `short = ${inPowerShell(short ? `-${short}` : '')}`,
        `hasValue = ${wantedBy(option) === null ? '$false' : '$true'}`,
        `several = ${multiple ? '$true' : '$false'}`,
        `says = ${inPowerShell(help)}`,
      ]
      return `      @{ ${parts.join('; ')} }`
    })
  const command = (name: string, says: string, most: number, takes: readonly string[], all: Options) =>
    [
      `    ${inPowerShell(name)} = @{ says = ${inPowerShell(says)}; most = ${most}; takes = @(${takes.map(inPowerShell).join(', ')}); options = @(`,
      ...options(all),
      '    ) }',
    ].join('\n')
  return `# PowerShell completion for cairn, made by: cairn completions powershell
Register-ArgumentCompleter -Native -CommandName cairn -ScriptBlock {
  param([string] $wordToComplete, $commandAst, [int] $cursorPosition)

  # Of each command what it does, how many words may follow it, what these are, and its options; '' is what stands before any.
  $commands = [ordered]@{
${[
  command('', 'cairn', 1, ['command'], OVERALL),
  ...NAMES.map(name => {
    const { short, words, takes = [] } = COMMANDS[name]
    return command(name, short, words[1], takes.map(kind), optionsOf(name))
  }),
  command('help', 'Shows the help of a command', 1, ['command'], {}),
].join('\n')}
  }

  # What stands before the word that is being typed.
  $command = ''
  $given = @()
  $count = 0
  $isValue = $false
  foreach ($element in @($commandAst.CommandElements | Select-Object -Skip 1)) {
    if ($element.Extent.EndOffset -ge $cursorPosition) { break }
    $word = $element.Extent.Text
    if ($isValue) {
      $isValue = $false
    } elseif ($word.StartsWith('-')) {
      $name = $word.Split('=')[0]
      foreach ($option in $commands[$command].options) {
        if ($option.name -cne $name -and $option.short -cne $name) { continue }
        $given += $option.name
        $isValue = $option.hasValue -and $word -ceq $name
      }
    } elseif ($command -eq '') {
      if (-not $commands.Contains($word)) { return }
      $command = $word
    } else {
      $count++
    }
  }
  if ($isValue) { return }

  $spec = $commands[$command]
  $wanted = ''
  if ($wordToComplete.StartsWith('-')) {
    $wanted = 'option'
  } elseif ($count -lt $spec.most) {
    $wanted = $spec.takes[[Math]::Min($count, $spec.takes.Count - 1)]
    if ($wordToComplete -eq '' -and ($wanted -eq 'link' -or $wanted -eq 'text')) { $wanted = 'option' }
  } elseif ($wordToComplete -eq '') {
    $wanted = 'option'
  }

  $offered = @(
    if ($wanted -eq 'command') {
      foreach ($name in $commands.Keys) { @{ text = $name; says = $commands[$name].says; type = 'ParameterValue' } }
    } elseif ($wanted -eq 'option') {
      foreach ($option in $spec.options) {
        if ($option.several -or $given -cnotcontains $option.name) {
          @{ text = $option.name; says = $option.says; type = 'ParameterName' }
        }
      }
    } elseif ($wanted.Contains(',')) {
      foreach ($name in $wanted.Split(',')) { @{ text = $name; says = $name; type = 'ParameterValue' } }
    }
  )
  foreach ($one in $offered) {
    if ($one.text -eq '' -or -not $one.text.StartsWith($wordToComplete, 'OrdinalIgnoreCase')) { continue }
    [System.Management.Automation.CompletionResult]::new($one.text, $one.text, $one.type, $one.says)
  }
}
`
}

/** It takes curly quotes for straight ones. Two of them stand for one. */
const inPowerShell = (text: string): string => `'${text.replaceAll(/['\u2018-\u201b]/g, quote => quote + quote)}'`
