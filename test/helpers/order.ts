/**
 * What ends before what. A clock that is read afterwards also counts what the rest of a busy machine did meanwhile;
 * timers of one process come in their order, however late all of them are.
 */

/** Throws where a timer of so many milliseconds comes before the end of it. */
export async function endsWithin<T>(milliseconds: number, ending: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`It went on for more than ${milliseconds} ms`)), milliseconds)
  })
  try {
    return await Promise.race([ending, late])
  } finally {
    clearTimeout(timer)
  }
}

/** Milliseconds of work of this process, whatever else the machine is busy with. */
export async function workOf(run: () => unknown): Promise<number> {
  const before = process.cpuUsage()
  await run()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000
}
