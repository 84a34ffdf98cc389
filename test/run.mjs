/**
 * `npm run check`, `npm test`, `npm run soak`, `npm run bench`: makes sure of what the tests need beyond npm, runs them,
 * and ends with one line of counts. `npm run bench -- publish` runs that bench alone. Plain Node without dependencies,
 * because it may have to install them first.
 */
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative, resolve } from 'node:path'
import { beginning } from './second-tries.mjs'

const project = resolve(import.meta.dirname, '..')
process.chdir(project)

/** A failed check counts as one failed test, so that the last line never looks better than the run was. */
const counts = { passed: 0, failed: 0 }
/** Said again at the end, since what went wrong in the first of four runs is a thousand lines above. */
const failures = []
const reports = mkdtempSync(join(tmpdir(), 'cairn-tests-'))
const running = new Set()

const CHECKS = [
  { name: 'types of the backend and the tests', command: ['typescript', 'bin/tsc', '-p', 'tsconfig.node.json'] },
  { name: 'types of the page', command: ['typescript', 'bin/tsc', '-p', 'tsconfig.page.json'] },
  { name: 'types of the bridge', command: ['typescript', 'bin/tsc', '-p', 'tsconfig.bridge.json'] },
  { name: 'lint and import rules', command: ['oxlint', 'bin/oxlint', '--type-aware', '--quiet'] },
  { name: 'dead code', command: ['knip', 'bin/knip.js', '--no-progress'] },
]

const MODES = {
  check: async () => {
    await Promise.all([vitest('unit', { minutes: 5 }), inTurn(CHECKS)])
  },
  all: async () => {
    ensureChromium()
    await MODES.check()
    if (!(await build())) return
    process.env.CAIRN_WHOLE_RUN = '1'
    // One after the other: both at the same time take longer, since each wait is then for somebody who has no turn.
    await vitest('integration', { tries: 2, beside: ['alone'] })
    await vitest('browser', { tries: 2, beside: ['packed'] })
  },
  soak: async () => {
    ensureNftables()
    if (await build()) await vitest('soak', { minutes: 24 * 60 })
  },
  bench: async () => {
    ensureSyncthing()
    useFolderOfOwn()
    if (await build()) await vitest('bench', { minutes: 4 * 60, only: process.argv.slice(3) })
  },
}

const mode = process.argv[2] ?? 'all'
if (!Object.hasOwn(MODES, mode)) stop(`There is no "${mode}". Say one of: ${Object.keys(MODES).join(', ')}.`)

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => {
    // What a bench runs would go on for minutes, and write what has been removed.
    for (const child of running) end(child, mode === 'bench' ? 'SIGKILL' : signal)
    process.exit(130)
  })
}
process.on('exit', () => rmSync(reports, { recursive: true, force: true }))

const startedAt = Date.now()
ensureModules()
ensureStorageEngine()
await MODES[mode]()
if (counts.passed + counts.failed === 0) console.error('No test ran.')
if (counts.failed > 0 || counts.passed === 0) process.exitCode ||= 1
for (const failure of failures) console.log(`\nFAILED: ${failure}`)
console.log(`\n${mode}: ${Math.round((Date.now() - startedAt) / 1000)} s`)
console.log(`${counts.passed} passed, ${counts.failed} failed`)

// What runs

async function inTurn(checks) {
  for (const { name, command } of checks) await check(name, command)
}

/** What the tool says is shown only when it objects. */
async function check(name, [module, file, ...rest]) {
  const { code, output } = await run([join('node_modules', module, file), ...rest])
  console.log(`${code === 0 ? '  ok ' : 'FAILED'} ${name}`)
  if (code === 0) return true
  counts.failed++
  failures.push(name)
  console.log(output)
  return false
}

function build() {
  return check('build', ['electron-vite', 'bin/electron-vite.js', 'build', '--logLevel', 'warn'])
}

/**
 * `only`: parts of the names of files; they say by themselves how far they are. `beside`: other projects in the same run.
 * `tries`: with real networks, disks and browsers on a busy machine one test in thousands fails for no fault of ours. What
 * needs a second try is named.
 */
async function vitest(name, { minutes = 20, only = null, tries = 1, beside = [] } = {}) {
  const report = join(reports, `${name}.json`)
  const reporters = ['default', 'json', './test/second-tries.mjs'].map(reporter => `--reporter=${reporter}`)
  const projects = [name, ...beside].flatMap(project => ['--project', project])
  const args = ['run', ...projects, ...reporters, `--outputFile.json=${report}`, `--retry=${tries - 1}`]
  if (only !== null) args.push('--disableConsoleIntercept', ...only)
  const { code } = await run([join('node_modules/vitest/vitest.mjs'), ...args], { show: true, minutes })
  const found = existsSync(report) ? JSON.parse(readFileSync(report, 'utf8')) : null
  counts.passed += found?.numPassedTests ?? 0
  const bad = failuresIn(found)
  // A run that ended badly although every test in it passed.
  if (bad.length === 0 && code !== 0) bad.push(`"${name}" ended with ${code} although no test of it failed. Why is said above.`)
  if (bad.length === 0 && !found?.numTotalTests) bad.push(`No test of "${name}" ran.`)
  counts.failed += bad.length
  failures.push(...bad)
}

/** Skipped ones too. */
function failuresIn(report) {
  return (report?.testResults ?? []).flatMap(({ name: file, message, assertionResults }) => {
    const bad = assertionResults.filter(({ status }) => status !== 'passed')
    if (bad.length === 0 && !message) return []
    const tests = bad.map(({ fullName, status, failureMessages }) => ({ fullName, why: failureMessages?.[0] ?? status }))
    // A file that could not be read has a message and no tests.
    return (tests.length > 0 ? tests : [{ fullName: 'the file as a whole', why: message }]).map(
      ({ fullName, why }) => `${relative(project, file)} > ${fullName}\n${beginning(why)}`,
    )
  })
}

/** A test that loops for ever holds its worker for ever: after `minutes` the whole group is ended. */
function run(args, { show = false, minutes = 10 } = {}) {
  return new Promise(done => {
    const said = show ? 'inherit' : 'pipe'
    const child = spawn(process.execPath, args, { stdio: ['ignore', said, said], detached: process.platform !== 'win32' })
    running.add(child)
    const deadline = setTimeout(() => {
      output += `Ended after ${minutes} minutes.`
      console.error(`\nEnded after ${minutes} minutes: ${args.join(' ')}`)
      end(child, 'SIGKILL')
    }, minutes * 60_000)
    let output = ''
    child.stdout?.on('data', data => (output += data))
    child.stderr?.on('data', data => (output += data))
    child.on('error', error => (output += error.message))
    child.on('close', code => {
      running.delete(child)
      clearTimeout(deadline)
      done({ code: code ?? 1, output })
    })
  })
}

function end(child, signal) {
  try {
    if (process.platform === 'win32') child.kill(signal)
    else process.kill(-child.pid, signal)
  } catch {
    // It ended in the meantime.
  }
}

// What is needed beyond this folder

function ensureModules() {
  if (modulesAreCurrent()) return
  console.log('Installing dependencies: npm ci')
  const done = spawnSync('npm', ['ci', '--no-audit', '--no-fund'], { stdio: 'inherit', shell: process.platform === 'win32' })
  if (done.status !== 0) stop('The dependencies could not be installed. Run: npm ci')
}

/** Every package that the lock file names is there in that version. Optional ones may belong to another platform. */
function modulesAreCurrent() {
  try {
    const wanted = JSON.parse(readFileSync('package-lock.json', 'utf8')).packages
    const there = JSON.parse(readFileSync('node_modules/.package-lock.json', 'utf8')).packages
    return Object.entries(wanted).every(
      ([path, { version, optional, devOptional, link }]) =>
        path === '' || link || there[path]?.version === version || ((optional || devOptional) && !there[path]),
    )
  } catch {
    return false
  }
}

/** The storage engine is a native module, and on Linux it wants libatomic. Loading it is the only true check. */
function ensureStorageEngine() {
  const load = () => spawnSync(process.execPath, ['-e', "require('rocksdb-native')"], { encoding: 'utf8' })
  const first = load()
  if (first.status === 0) return
  if (/libatomic/.test(first.stderr)) {
    if (aptInstall('libatomic1') && load().status === 0) return
    stop('The storage engine needs libatomic. Run: sudo apt-get install -y libatomic1 (Fedora: sudo dnf install libatomic)')
  }
  stop(`The storage engine cannot be loaded:\n${first.stderr}\nRun: npm ci`)
}

/** Tests that drive the page find it in CHROMIUM_PATH. */
function ensureChromium() {
  let path = findChromium()
  if (!path && aptInstall('chromium')) path = findChromium()
  if (!path) stop('The tests of the page need Chromium or Chrome. Run: npx playwright-core install chromium (or set CHROMIUM_PATH)')
  process.env.CHROMIUM_PATH = path
}

function findChromium() {
  if (process.env.CHROMIUM_PATH) {
    if (existsSync(process.env.CHROMIUM_PATH)) return process.env.CHROMIUM_PATH
    stop(`CHROMIUM_PATH points to ${process.env.CHROMIUM_PATH}, which is not there.`)
  }
  const { ProgramFiles = 'C:\\Program Files', 'ProgramFiles(x86)': Programs86 = 'C:\\Program Files (x86)', LOCALAPPDATA = '' } = process.env
  const places = [
    ...['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'].flatMap(name => [`/usr/bin/${name}`, `/snap/bin/${name}`]),
    '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
    '/Applications/Chromium.app/Contents/MacOS/Chromium',
    ...[ProgramFiles, Programs86, LOCALAPPDATA].map(folder => `${folder}\\Google\\Chrome\\Application\\chrome.exe`),
    ownChromiumOfPlaywright(),
  ]
  return places.find(path => path && existsSync(path)) ?? null
}

function ownChromiumOfPlaywright() {
  const ask = "process.stdout.write(require('playwright-core').chromium.executablePath())"
  return spawnSync(process.execPath, ['-e', ask], { encoding: 'utf8' }).stdout
}

/** Routers are made of it. Where it lacks, the tests that need it fail and say so. */
function ensureNftables() {
  if (spawnSync('nft', ['--version']).error) aptInstall('nftables')
}

/** A peer of the bench. Without it the bench says so in its table. */
function ensureSyncthing() {
  if (process.argv.length > 3 && !process.argv.slice(3).some(name => 'publish.test.ts'.includes(name))) return
  if (spawnSync('syncthing', ['--version']).error && !aptInstall('syncthing'))
    console.error('Syncthing could not be installed and will not be measured. Run: sudo apt-get install -y syncthing')
}

/** Benches write GiBs; they are gone at the end, however it ends. */
function useFolderOfOwn() {
  const folder = mkdtempSync(join(tmpdir(), 'cairn-bench-'))
  process.env.TMPDIR = folder
  process.on('exit', () => rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 250 }))
}

/** Only where it may and can: Debian or Ubuntu, as root. */
function aptInstall(name) {
  if (process.platform !== 'linux' || process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) return false
  console.log(`Installing ${name}: apt-get install -y ${name}`)
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  for (const args of [['update', '-q'], ['install', '-y', '-q', '--no-install-recommends', name]]) {
    if (spawnSync('apt-get', args, { stdio: 'inherit', env }).status !== 0) return false
  }
  return true
}

function stop(reason) {
  console.error(reason)
  process.exit(1)
}
