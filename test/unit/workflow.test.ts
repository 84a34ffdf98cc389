/** The workflow that makes packages: it parses, calls what is there, and may do no more than it needs. */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { configuration } from '../../resources/package/configuration.mjs'

const project = resolve(import.meta.dirname, '../..')
const read = (path: string) => readFileSync(join(project, path), 'utf8')
const { load } = createRequire(createRequire(import.meta.url).resolve('electron-builder'))('js-yaml') as {
  load(text: string): unknown
}

type Step = {
  name?: string
  uses?: string
  run?: string
  if?: string
  env?: Record<string, string>
  with?: Record<string, unknown>
}
type Job = {
  needs?: string
  permissions?: unknown
  'timeout-minutes'?: number
  'runs-on': string
  steps: Step[]
  if?: string
}
const text = read('.github/workflows/build.yml')
const workflow = load(text) as { permissions: unknown; jobs: Record<string, Job>; on: Record<string, unknown> }
const steps = Object.values(workflow.jobs).flatMap(job => job.steps)
const scripts = (JSON.parse(read('package.json')) as { scripts: Record<string, string> }).scripts

test('every script that it runs is there, and files that scripts run are', () => {
  const called = steps.flatMap(({ run = '' }) =>
    [...run.matchAll(/npm (?:run (\S+)|(test)\b)/g)].map(([, a, b]) => a ?? b!),
  )
  expect(called).toEqual(expect.arrayContaining(['check', 'test', 'dist']))
  for (const name of called) expect(scripts).toHaveProperty(name)
  for (const command of Object.values(scripts))
    for (const [, path] of command.matchAll(/\bnode (\S+\.mjs)/g)) expect(() => read(path!)).not.toThrow()
})

test('its scripts are shell, its jobs end, and wait for jobs that are there', () => {
  for (const { run } of steps) {
    if (run === undefined) continue
    const plain = run.replaceAll(/\$\{\{.*?\}\}/g, 'x')
    expect(spawnSync('bash', ['-n'], { input: plain, encoding: 'utf8' }).stderr).toBe('')
    // What others write (names of branches, titles) is never part of a script.
    expect(run).not.toContain('${{')
  }
  for (const job of Object.values(workflow.jobs)) {
    expect(job['timeout-minutes']).toBeGreaterThan(0)
    if (job.needs !== undefined) expect(workflow.jobs).toHaveProperty(job.needs)
  }
  expect(workflow.jobs['package']?.needs).toBe('test')
})

test('it may read, and write in the one job that drafts a release of a tag; keys are for tags alone', () => {
  expect(workflow.permissions).toEqual({ contents: 'read' })
  const writing = Object.entries(workflow.jobs).filter(([, job]) => job.permissions !== undefined)
  expect(writing.map(([name]) => name)).toEqual(['release'])
  expect(workflow.jobs['release']).toMatchObject({ permissions: { contents: 'write' }, if: "github.ref_type == 'tag'" })
  expect(text).toContain('--draft')
  for (const { uses, with: given } of steps) {
    if (uses === undefined) continue
    // A tag can be moved to other code.
    expect(uses).toMatch(/^actions\/[\w-]+@[0-9a-f]{40}$/)
    expect(text).toMatch(new RegExp(`${uses} # v\\d+\\.\\d+\\.\\d+$`, 'm'))
    if (uses.startsWith('actions/checkout@')) expect(given).toEqual({ 'persist-credentials': false })
  }
  expect(Object.keys(workflow.on)).not.toContain('pull_request_target')
  for (const step of steps)
    for (const value of Object.values(step.env ?? {}))
      if (value.includes('secrets.')) expect(`${value} ${step.if ?? ''}`).toContain("github.ref_type == 'tag'")
})

test('it hands over every kind of package that is made, and the feed', () => {
  const paths = steps.map(({ with: given }) => String(given?.['path'] ?? '')).join('\n')
  const endings: Record<string, string> = { nsis: 'exe', portable: 'exe' }
  const { linux, mac, win } = configuration({})
  const targets = [linux, mac, win].flatMap(system => system!.target as { target: string }[])
  for (const { target } of targets) expect(paths).toContain(`dist/*.${endings[target] ?? target}`)
  for (const other of ['dist/latest*.yml', 'dist/*.blockmap', 'dist/SHA256SUMS']) expect(paths).toContain(other)
})
