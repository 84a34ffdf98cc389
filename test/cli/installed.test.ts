/**
 * The `cairn` command as packages install it: their scripts, the real entry of the program, and the CLI behind it. What
 * stands in for Electron here is a Node that gets the same arguments in the same order.
 */
import { spawnSync } from 'node:child_process'
import { chmod, copyFile, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { configuration } from '../../resources/package/configuration.mjs'
import packageFile from '../../package.json' with { type: 'json' }
import { temporaryFolder } from '../helpers/files.ts'

const project = resolve(import.meta.dirname, '../..')
const scripts = join(project, 'resources/command')

/** A program that writes down what it was given: one argument a line, then its input. */
const ECHO = `#!/bin/sh
for argument in "$@"; do printf '<%s>\\n' "$argument"; done
cat
exit 7
`
/** The program that packages install, without Electron around it: it gets no script's name among its arguments. */
async function writeProgram(path: string): Promise<void> {
  const entry = JSON.stringify(join(project, 'out/main/entry.js'))
  await executable(path, `#!/bin/sh\nexec '${process.execPath}' "$0.mjs" "$@"\n`)
  await writeFile(`${path}.mjs`, `process.argv.splice(1, 1)\nawait import(${entry})\n`)
}

async function executable(path: string, text: string): Promise<void> {
  await mkdir(resolve(path, '..'), { recursive: true })
  await writeFile(path, text)
  await chmod(path, 0o755)
}

/** The Linux command, with the program at another place. `echo`: instead of the program. */
async function onLinux(echo?: string): Promise<string> {
  const folder = await temporaryFolder('cairn-installed')
  const path = join(folder, "it's here/cairn-desktop")
  if (echo === undefined) await writeProgram(path)
  else await executable(path, echo)
  const script = await readFile(join(scripts, 'linux/cairn'), 'utf8')
  const command = join(folder, 'bin/cairn')
  const there = script.replace('/opt/Cairn/cairn-desktop', `"${path}"`)
  expect(there).not.toBe(script)
  await executable(command, there)
  return command
}

function run(command: string, args: readonly string[], input = '', environment: NodeJS.ProcessEnv = {}) {
  const { status, stdout, stderr } = spawnSync(command, args, {
    input,
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], HOME: '/nonexistent', CAIRN_BOOTSTRAP: '127.0.0.1:1', ...environment },
  })
  return { code: status, out: stdout, error: stderr }
}

const hostile = [
  'a b',
  '',
  '*',
  '$HOME',
  '`id`',
  "it's",
  '"',
  '\\',
  '-- ',
  '--no-sandbox',
  'new\nline',
  'hyper://x+3/é#s',
]
const received = (...args: readonly string[]) => `${args.map(argument => `<${argument}>\n`).join('')}the input`

describe('the scripts', () => {
  test('on Linux hand on every argument as it is, the input, and the exit code', async () => {
    const { code, out } = run(await onLinux(ECHO), hostile, 'the input')
    expect(code).toBe(7)
    const [before = '', after = ''] = out.split('<-->\n', 2)
    expect(before).toBe('<--ozone-platform=headless>\n<--disable-gpu>\n<--no-sandbox>\n<--log-level=3>\n')
    expect(after).toBe(received(...hostile))
  })

  test('on macOS they find the program through links', async () => {
    const folder = await temporaryFolder('cairn-installed')
    const contents = join(folder, 'My Applications/Cairn.app/Contents')
    await executable(join(contents, 'MacOS/Cairn'), ECHO)
    await mkdir(join(contents, 'Resources/bin'), { recursive: true })
    await copyFile(join(scripts, 'macos/cairn'), join(contents, 'Resources/bin/cairn'))
    await mkdir(join(folder, 'bin'))
    await symlink('../My Applications/Cairn.app/Contents/Resources/bin/cairn', join(folder, 'bin/first'))
    await symlink(join(folder, 'bin/first'), join(folder, 'cairn'))
    for (const command of [join(contents, 'Resources/bin/cairn'), join(folder, 'bin/first'), join(folder, 'cairn')]) {
      const { code, out } = run(command, hostile, 'the input')
      expect([code, out]).toEqual([7, `<--log-level=3>\n<-->\n${received(...hostile)}`])
    }
  })

  test('are understood by every shell of that name, and the one for Windows has its line ends', async () => {
    for (const name of ['linux/cairn', 'macos/cairn']) {
      const path = join(scripts, name)
      expect([name, spawnSync('sh', ['-n', path]).status, (await stat(path)).mode & 0o111]).toEqual([name, 0, 0o111])
      // Nothing of bash's own, since sh is dash or zsh elsewhere.
      expect(await readFile(path, 'utf8')).not.toMatch(/\[\[|\blocal\b|\bfunction\b|\$'|<<<|\(\(/)
    }
    const lines = (await readFile(join(scripts, 'windows/cairn.cmd'), 'utf8')).split('\r\n')
    expect(lines.join('')).not.toContain('\n')
    expect(lines.slice(-4)).toEqual([
      'setlocal DisableDelayedExpansion',
      String.raw`"%~dp0..\..\Cairn.exe" --log-level=3 -- %*`,
      'exit /b %ERRORLEVEL%',
      '',
    ])
  })
})

describe('the program', () => {
  test('runs commands without a display', async () => {
    const cairn = await onLinux()
    expect(run(cairn, ['--version'])).toEqual({ code: 0, out: `${packageFile.version}\n`, error: '' })
    expect(run(cairn, [])).toMatchObject({ code: 0, out: expect.stringContaining('Usage: cairn COMMAND') })
  })

  test('tells what it does not understand, and never takes that for a wish to see the window', async () => {
    const cairn = await onLinux()
    for (const args of [['hyper://x'], ['--hidden']]) {
      const { code, error } = run(cairn, args)
      expect([args, code, error.startsWith('cairn: ')]).toEqual([args, 2, true])
    }
    expect(JSON.parse(run(cairn, ['ls', '-', '--json'], 'no link').error)).toMatchObject({
      error: { code: 'INVALID_LINK' },
    })
  })

  test('says what to do where nothing can be started', async () => {
    const file = join(await temporaryFolder('cairn-installed'), 'file')
    await writeFile(file, '')
    const { code, error } = run(await onLinux(), ['status', '--storage', join(file, 'storage')])
    expect([code, error]).toEqual([5, expect.stringContaining('--storage')])
  })

  test('does not try to open a window without a screen', async () => {
    const folder = await temporaryFolder('cairn-installed')
    await writeProgram(join(folder, 'cairn-desktop'))
    for (const args of [[], ['hyper://x']]) {
      const { code, error } = run(join(folder, 'cairn-desktop'), args)
      expect([code, error]).toEqual([1, expect.stringContaining('cairn serve')])
    }
  })
})

test('what an AppImage wrote for the desktop is shown, taken away for good, and written again', async () => {
  const home = await temporaryFolder('cairn-desktop')
  const environment = {
    HOME: home,
    XDG_DATA_DIRS: join(home, 'usr/share'),
    APPIMAGE: join(home, 'Cairn.AppImage'),
    // Where the program runs that stands in for Electron.
    APPDIR: dirname(process.execPath),
  }
  const cairn = await onLinux()
  const desktop = (given: NodeJS.ProcessEnv, ...args: string[]) => run(cairn, ['desktop', ...args], '', given)
  const entry = join(home, '.local/share/applications/cairn.desktop')
  const login = join(home, '.config/autostart/cairn.desktop')
  expect(JSON.parse(desktop(environment, '--json').out)).toEqual({
    desktop: { menus: 'on', entry: false, login: false },
  })
  // Looking writes nothing.
  expect(await readdir(home)).toEqual([])

  expect(desktop(environment, '--add')).toMatchObject({ code: 0, out: expect.stringContaining('links open it') })
  expect(await readFile(entry, 'utf8')).toContain(`TryExec=${environment.APPIMAGE}\n`)
  await executable(login, '[Desktop Entry]\n')
  expect(desktop(environment).out).toContain('is started when you log in')
  const removed = desktop(environment, '--remove')
  expect([removed.code, removed.error]).toEqual([0, ''])
  expect(removed.out).toBe(
    'The entry for menus and links was taken away.\nCairn is no longer started when you log in.\n',
  )
  for (const path of [entry, login]) await expect(stat(path)).rejects.toThrow('ENOENT')
  expect(JSON.parse(desktop(environment, '--json').out)).toEqual({
    desktop: { menus: 'off', entry: false, login: false },
  })

  // The image is gone, and another Cairn is asked.
  expect(desktop(environment, '--add').code).toBe(0)
  const other = { HOME: home, XDG_DATA_DIRS: environment.XDG_DATA_DIRS }
  expect(desktop(other).out).toContain('cairn desktop --remove')
  expect(desktop(other, '--remove').out).toContain('was taken away')
  await expect(stat(entry)).rejects.toThrow('ENOENT')
  expect(desktop(other, '--remove').out).toBe('No entry of an AppImage was there for menus and links.\n')
  expect(desktop(other, '--add')).toMatchObject({ code: 1, error: expect.stringContaining('no AppImage') })
  expect(desktop(other, '--add', '--remove')).toMatchObject({ code: 2 })
})

test('packages install what is there', async () => {
  const { deb, rpm, linux, mac, win } = configuration({})
  const files = [...(deb?.fpm ?? []), ...(rpm?.fpm ?? [])].map(line => line.split('='))
  expect(files.map(([, to]) => to)).toEqual(expect.arrayContaining(['/usr/bin/cairn', '/usr/share/man/man1/cairn.1']))
  for (const [from = ''] of files) expect((await stat(join(project, from))).size).toBeGreaterThan(300)
  const beside = [mac, win].flatMap(system => system?.extraResources ?? []).map(one => Object(one) as { from: string })
  expect(beside.length).toBe(4)
  for (const { from } of beside) expect((await stat(join(project, from))).size, from).toBeGreaterThan(0)
  // The name of the command is its own, and its script names the program as packages do.
  expect(await readFile(join(scripts, 'linux/cairn'), 'utf8')).toContain(`/opt/Cairn/${linux?.executableName} `)
  const unit = await readFile(join(scripts, 'linux/cairn.service'), 'utf8')
  expect(unit).toContain('\nExecStart=/usr/bin/cairn serve\n')
  const folder = await temporaryFolder('cairn-installed')
  const known = unit.replace('/usr/bin/cairn', process.execPath).replace(/^Documentation=.*\n/m, '')
  await writeFile(join(folder, 'cairn.service'), known)
  const checked = run('systemd-analyze', ['--user', 'verify', join(folder, 'cairn.service')], '', {
    XDG_RUNTIME_DIR: folder,
  })
  // null: no systemd is here to ask.
  expect([null, 0]).toContain(checked.code)
  expect(checked.error ?? '').toBe('')
})

test('a command begins without what archives need, and without Electron', async () => {
  const packages = new Set<string>()
  const seen = new Set<string>()
  const walk = async (path: string) => {
    if (seen.has(path)) return
    seen.add(path)
    for (const [, from = ''] of (await readFile(path, 'utf8')).matchAll(/^import [^'"]*["']([^'"]+)["'];$/gm)) {
      if (from.startsWith('.')) await walk(resolve(path, '..', from))
      else packages.add(from)
    }
  }
  for (const entry of ['entry', 'cli']) await walk(join(project, `out/main/${entry}.js`))
  expect([...packages].filter(name => !name.startsWith('node:')).sort()).toEqual(['ignore', 'zod'])
})
