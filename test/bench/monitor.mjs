/**
 * Preloaded into every process that is measured (`node --import`), so that what it says of its loop and its memory is
 * its own. On SIGUSR2 it writes them to the file that BENCH_FIGURES names, and begins anew. On SIGWINCH it looks at the loop no
 * more: to look two hundred times a second is most of what a program does to which nothing happens.
 */
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { monitorEventLoopDelay } from 'node:perf_hooks'

const file = process.env.BENCH_FIGURES
const delay = monitorEventLoopDelay({ resolution: 5 })
delay.enable()
let taken = 0

process.on('SIGUSR2', () => {
  const figures = { taken: ++taken, p99: delay.percentile(99) / 1e6, max: delay.max / 1e6, rss: peak() }
  writeFileSync(`${file}.new`, JSON.stringify(figures))
  renameSync(`${file}.new`, file)
  delay.reset()
})

process.on('SIGWINCH', () => delay.disable())

/** Bytes. On Linux `maxRSS` may be that of the process which started this one, and cannot be begun anew. */
function peak() {
  if (process.platform !== 'linux') return process.resourceUsage().maxRSS * 1024
  const peak = Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))[1]) * 1024
  try {
    writeFileSync('/proc/self/clear_refs', '5')
  } catch {
    // Then the peak of the whole time is what the next one is told too.
  }
  return peak
}
