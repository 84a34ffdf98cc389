/**
 * A reporter that names each test which failed at first, with what was wrong: such a test passes, and is not to be
 * forgotten. A property says by which seed it is found again.
 */
export default class SecondTries {
  #found = []

  onTestCaseResult(test) {
    if (!test.diagnostic()?.flaky) return
    const [error] = test.result().errors ?? []
    this.#found.push({ name: `${test.module.relativeModuleId} > ${test.fullName}`, why: error?.message ?? '' })
  }

  onTestRunEnd() {
    for (const { name, why } of this.#found) console.log(`PASSED ON THE SECOND TRY ONLY: ${name}\n${beginning(why)}`)
  }
}

/** The first lines of what a test said, indented: enough to know where to look. */
export function beginning(message) {
  const lines = message.split('\n').slice(0, 12)
  return lines.map(line => `    ${line.slice(0, 300)}`).join('\n')
}
