/** What is said of the commands: in the help, on the man page, and by shells that complete them. */
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parseArguments } from '../../main/cli/arguments.ts'
import { COMMANDS, type CommandName, EXIT_CODES, GROUPS, optionsOf } from '../../main/cli/commands.ts'
import { completionsFor, SHELLS } from '../../main/cli/completions.ts'
import { EXIT, failureOf } from '../../main/cli/failure.ts'
import { helpFor } from '../../main/cli/help.ts'
import { manual } from '../../main/cli/manual.ts'
import { run } from '../../main/cli/run.ts'
import { temporaryFolder } from '../helpers/files.ts'

const names = Object.keys(COMMANDS) as CommandName[]
const parse = (...args: string[]) => parseArguments(args, { CAIRN_STORAGE: '/data' })

test('every command stands in one group, takes what it says, and has a short line of its own', () => {
  expect(Object.values(GROUPS).flat().sort()).toEqual([...names].sort())
  for (const name of names) {
    const { words, takes = [], short } = COMMANDS[name]
    expect([name, words[0] <= words[1], words[1] === 0]).toEqual([name, true, takes.length === 0])
    expect(takes.length).toBeLessThanOrEqual(words[1])
    expect(short.length).toBeLessThanOrEqual(62)
    expect(short).not.toMatch(/\.$|[:'"]/)
  }
  expect(EXIT_CODES.map(([code]) => code)).toEqual(Object.values(EXIT))
})

describe('help', () => {
  test('for each, and for all', () => {
    for (const name of names) {
      expect(parse(name, '--help')).toEqual({ name: 'help', text: helpFor(name) })
      expect(parse('help', name)).toEqual({ name: 'help', text: helpFor(name) })
      expect(helpFor(name)).toContain(`cairn ${name}`)
      expect(helpFor(name)).toContain('Exit codes')
      for (const option of Object.keys(optionsOf(name))) expect(helpFor(name)).toMatch(new RegExp(`--${option}\\b`))
      expect(helpFor(null)).toContain(`\n  ${name} `)
    }
    for (const args of [['--help'], ['-h'], [], ['help']])
      expect(parse(...args)).toEqual({ name: 'help', text: helpFor(null) })
    expect(() => parse('help', 'nonsense')).toThrow('There is no command "nonsense". Try')
    for (const [typed, meant] of Object.entries({ statsu: 'status', pubish: 'publish', 'move-soruce': 'move-source' }))
      expect(() => parse(typed)).toThrow(`Did you mean ${meant}?`)
    for (const typed of ['x', 'l', 'toString']) expect(() => parse(typed)).toThrow(`"${typed}". Try`)
  })

  test('fits into a terminal', () => {
    for (const name of [null, ...names])
      for (const line of helpFor(name).split('\n')) expect(line.length).toBeLessThanOrEqual(80)
  })
})

describe('the man page', () => {
  const page = manual('1.2.3')

  test('has every command and every option of each', () => {
    for (const name of names) {
      const [, section = ''] = page.split(new RegExp(`^\\.SS "cairn ${name.replaceAll('-', String.raw`\\-`)}\\b`, 'm'))
      expect([name, section]).not.toEqual([name, ''])
      const [own = ''] = section.split(/^\.S[SH]/m)
      for (const option of Object.keys(COMMANDS[name].options))
        expect(own).toContain(`\\fB\\-\\-${option.replaceAll('-', '\\-')}\\fR`)
    }
  })

  test('is set without a warning, and nothing in it is lost', () => {
    // Part of every Linux that has `man`; other systems set pages with something else.
    if (process.platform !== 'linux') return
    const set = spawnSync('groff', ['-ww', '-man', '-Tutf8', '-P-cbou'], { input: page, encoding: 'utf8' })
    expect([set.status, set.stderr]).toEqual([0, ''])
    const words = set.stdout.replaceAll(/\s+/g, ' ')
    for (const text of ["folder that holds Cairn's data", '{"error":{"code","message"}}', '~/Pictures', '.cairnignore'])
      expect(words).toContain(text)
  })
})

describe('completions', () => {
  test.each(SHELLS)('of %s have every command and every option of each', shell => {
    const script = completionsFor(shell)
    for (const name of names) {
      const part =
        shell === 'bash'
          ? script.split(`    ${name}) options='`)[1]?.split('\n')[0]
          : shell === 'zsh'
            ? script.split(`        ${name})\n`)[1]?.split(' ;;')[0]
            : shell === 'fish'
              ? script
                  .split('\n')
                  .filter(line => line.includes(`'__fish_seen_subcommand_from ${name}'`))
                  .join('\n')
              : script.split(`    '${name}' = @{`)[1]?.split('\n    ) }')[0]
      for (const option of Object.keys(optionsOf(name)))
        expect([name, part]).toEqual([name, expect.stringMatching(new RegExp(`(--|-l )${option}\\b`))])
    }
    expect(parse('completions', shell)).toEqual({ name: 'completions', shell })
  })

  test('there are none for other shells', () => expect(() => parse('completions', 'csh')).toThrow('bash, zsh, fish'))

  test('for PowerShell are whole, and the same in every encoding', () => {
    const script = completionsFor('powershell')
    // Windows PowerShell reads a file without a mark at its beginning in the encoding of the country.
    expect(script).toMatch(/^[\n -~]*$/)
    // No PowerShell is here to read it: what is open is closed again, outside of texts and comments.
    const code = script.replaceAll(/^ *#.*$/gm, '').replaceAll(/'(?:[^']|'')*'/g, text => `<${text.length}>`)
    expect(code).not.toContain("'")
    const open: string[] = []
    for (const [one] of code.matchAll(/[()[\]{}]/g)) {
      if ('([{'.includes(one)) open.push(one)
      else expect(open.pop()).toBe({ ')': '(', ']': '[', '}': '{' }[one])
    }
    expect(open).toEqual([])
    expect(script).toContain(`'the folder that holds Cairn''s data'`)
    expect(script).toContain(`'room' = @{ says = '${COMMANDS.room.short}'; most = 1; takes = @('on,off,'); `)
    expect(script).toContain(`takes = @('link', 'folder')`)
    // Each text that is offered says something: an empty one is refused there.
    expect(script).not.toMatch(/says = ''/)
  })

  /** What bash offers for a line with the cursor at its end, in `folder`. */
  function offered(line: string, words: readonly string[], folder = '.'): readonly string[] {
    const script = `${completionsFor('bash')}
      COMP_LINE=$1; shift; COMP_WORDS=("$@"); COMP_CWORD=$((\${#COMP_WORDS[@]} - 1))
      _cairn; for reply in "\${COMPREPLY[@]}"; do printf '%s\\n' "$reply"; done`
    const said = execFileSync('bash', ['--norc', '-c', script, 'bash', line, ...words], {
      cwd: folder,
      encoding: 'utf8',
    })
    return said.split('\n').slice(0, -1)
  }

  test('in bash: commands, options that were not given, words, files and folders', async () => {
    const folder = await temporaryFolder('cairn-completions')
    await mkdir(join(folder, 'pictures'))
    await writeFile(join(folder, 'proof one.txt'), '')

    expect(offered('cairn ', ['cairn', ''])).toEqual([...Object.values(GROUPS).flat(), 'help'])
    expect(offered('cairn pu', ['cairn', 'pu'])).toEqual(['publish'])
    expect(offered('cairn --st', ['cairn', '--st'])).toEqual(['--storage'])
    expect(offered('cairn help re', ['cairn', 'help', 're'])).toEqual(['restore', 'repair', 'receipt', 'resume'])
    expect(offered('cairn room ', ['cairn', 'room', ''])).toEqual(['on', 'off'])
    expect(offered('cairn room on ', ['cairn', 'room', 'on', ''])).toContain('--json')
    expect(offered('cairn completions z', ['cairn', 'completions', 'z'])).toEqual(['zsh'])
    expect(offered('cairn nonsense ', ['cairn', 'nonsense', ''])).toEqual([])

    expect(offered('cairn publish p', ['cairn', 'publish', 'p'], folder).toSorted()).toEqual([
      'pictures',
      'proof one.txt',
    ])
    expect(offered('cairn verify a p', ['cairn', 'verify', 'a', 'p'], folder).toSorted()).toHaveLength(2)
    expect(offered('cairn --storage p', ['cairn', '--storage', 'p'], folder)).toEqual(['pictures'])
    expect(offered('cairn publish --title p', ['cairn', 'publish', '--title', 'p'], folder)).toEqual([])
    // Given once is enough, unless it may be repeated.
    const given = ['cairn', 'publish', '--private', '--exclude', 'x', '--']
    const options = offered(given.join(' '), given)
    expect(options).toContain('--exclude')
    expect(options).not.toContain('--private')

    // Bash itself ends words at : and =.
    const link = ['cairn', 'get', 'hyper', ':', '//key/path']
    expect(offered('cairn get hyper://key/path p', [...link, 'p'], folder)).toEqual(['pictures'])
    expect(offered('cairn get hyper://key/path --o', [...link, '--o'])).toEqual(['--overwrite'])
    expect(offered('cairn get hyper://key/path --zip=pr', [...link, '--zip', '=', 'pr'], folder)).toEqual([
      'proof one.txt',
    ])
    expect(offered('cairn --storage=x sta', ['cairn', '--storage', '=', 'x', 'sta'])).toEqual(['status'])
  })
})

test('a program of which a part is missing says what to do', () => {
  const failing = (code: string, message: string, cause?: Error) =>
    failureOf(Object.assign(new Error(message, { cause }), { code }))
  const library = new Error('libatomic.so.1: cannot open shared object file: No such file or directory')
  expect(failing('CANNOT_LOAD', "Cannot load addon 'file:///x.node'", library)).toMatchObject({
    code: 'NOT_WHOLE',
    exit: 1,
    message: expect.stringMatching(/libatomic\.so\.1.*apt install libatomic1/),
  })
  expect(failing('ADDON_NOT_FOUND', 'Cannot find addon\nCandidates:\n- x').message).toMatch(
    /Cannot find addon\. Install Cairn again/,
  )
  expect(failing('ENOENT', 'x').code).toBe('INTERNAL')
})

test('where standard output cannot be a file, that is said before anything is fetched', async () => {
  const link = `hyper://${'y'.repeat(52)}`
  for (const args of [
    ['get', link, '--zip', '-'],
    ['receipt', `${link}/a`, '--out', '-'],
    ['warrant', link, '--out', '-'],
  ]) {
    let said = ''
    const code = await run({
      args,
      environment: { CAIRN_STORAGE: '/data' },
      version: '1',
      stdout: { write: () => expect.fail('nothing is a result') },
      stderr: { write: text => (said += text) },
      stdin: async () => '',
      writeOut: async () => {},
      stdoutHoldsMore: true,
      signal: new AbortController().signal,
      beforeStopping() {},
      openSession: () => expect.fail('nobody is asked'),
      serve: async () => 0,
    })
    expect([code, said]).toEqual([2, expect.stringContaining('the name of a file in place of -')])
  }
})
