/**
 * The kinds of tests. `unit`: pure and quick, many at a time. `integration`: real backends on a local DHT, four files
 * at a time. `browser`: the built page in a real Chromium, two. `soak` and `bench` take long and run when they are
 * asked for. `packed`: what packages hold, packed without Electron and run by plain Node from elsewhere. `alone`: those of
 * `integration` that a whole run gives a process each.
 */
import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** Begun last, each of them would be waited for alone. Vitest knows what took long only where it has run before. */
const LONG = [
  'cli/cli.test',
  'renderer/page.test',
  'renderer/accessibility.test',
  'integration/killed.test',
  'integration/reviewed.test',
  'integration/kills.test',
  'integration/room.test',
  'integration/warrants.test',
  'integration/availability.test',
  'integration/watching.test',
  'e2e/views.test',
  'renderer-publish/page.browser',
  'e2e/states.test',
  'e2e/looking.test',
]
class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files)
    const placeOf = ({ moduleId }: TestSpecification) => {
      const place = LONG.findIndex(name => moduleId.endsWith(`test/${name}.ts`))
      return place === -1 ? LONG.length : place
    }
    return sorted.sort((one, other) => placeOf(one) - placeOf(other))
  }
}

/** Done with the packed app in a whole run, and with what is built here by itself. */
const PACKED_TOO = ['test/e2e/two-people.test.ts']
/**
 * They put something else in a module's place before it is read, count what this process holds, or take a disk away from
 * a backend, which may then not come to its end before its process does.
 */
const ALONE = ['direct', 'endless', 'flush', 'holding', 'killed', 'limits', 'reviewed'].map(
  name => `test/integration/${name}.test.ts`,
)
const isWholeRun = process.env['CAIRN_WHOLE_RUN'] === '1'

// Node 20 lacks Map.groupBy, which vitest's reporter calls as soon as a test fails.
if (!('groupBy' in Map)) {
  const groupBy = <K, T>(items: Iterable<T>, keyOf: (item: T, index: number) => K): Map<K, T[]> => {
    const groups = new Map<K, T[]>()
    let index = 0
    for (const item of items) {
      const key = keyOf(item, index++)
      groups.set(key, [...(groups.get(key) ?? []), item])
    }
    return groups
  }
  Object.assign(Map, { groupBy })
}

/** What is waited for comes in a second or two; a machine that is busy with other things may take many times as long. */
const slow = {
  environment: 'node',
  pool: 'forks',
  fileParallelism: false,
  testTimeout: 180_000,
  hookTimeout: 120_000,
  expect: { poll: { timeout: 45_000 } },
} as const

export default defineConfig({
  test: {
    sequence: { sequencer: LongFirst },
    projects: [
      {
        test: {
          name: 'unit',
          environment: 'node',
          // Vitest leaves a core to itself otherwise, which is half of a machine of two.
          maxWorkers: '100%',
          include: [
            'test/unit/**/*.test.ts',
            'test/wire/**/*.test.ts',
            'test/electron/**/*.test.ts',
            'test/rules/**/*.test.ts',
            'test/renderer-publish/**/*.test.ts',
          ],
          testTimeout: 20_000,
          expect: { poll: { timeout: 10_000 } },
        },
      },
      {
        test: {
          ...slow,
          name: 'integration',
          // They wait as long as they work: for quiet, for a DHT, for a disk.
          fileParallelism: true,
          maxWorkers: 4,
          // What a worker has read serves its next file as well: to read all of it takes longer than many a test.
          isolate: !isWholeRun,
          include: ['test/integration/**/*.test.ts', 'test/web/**/*.test.ts', 'test/cli/**/*.test.ts'],
          exclude: isWholeRun ? ALONE : [],
        },
      },
      {
        // In a whole run, where the others share what a worker has read.
        test: { ...slow, name: 'alone', fileParallelism: true, maxWorkers: 4, include: isWholeRun ? ALONE : [] },
      },
      {
        test: {
          ...slow,
          name: 'browser',
          fileParallelism: true,
          maxWorkers: 2,
          // What a worker has read, and the browser that it has started, serve its next file as well.
          isolate: false,
          include: [
            'test/e2e/**/*.test.ts',
            'test/renderer/**/*.test.{ts,tsx}',
            'test/renderer-publish/**/*.browser.ts',
          ],
          exclude: isWholeRun ? PACKED_TOO : [],
        },
      },
      {
        test: {
          ...slow,
          name: 'packed',
          fileParallelism: true,
          maxWorkers: 2,
          include: ['test/packed/**/*.test.ts', ...PACKED_TOO],
          globalSetup: ['test/packed/setup.ts'],
        },
      },
      { test: { ...slow, name: 'soak', include: ['test/soak/**/*.test.ts'], testTimeout: 3_600_000 } },
      { test: { ...slow, name: 'bench', include: ['test/bench/**/*.test.ts'], testTimeout: 3_600_000 } },
    ],
  },
})
