/** A reporter that names each test which failed at first: such a test passes, and is not to be forgotten. */
export default class SecondTries {
  #names = []

  onTestCaseResult(test) {
    if (test.diagnostic()?.flaky) this.#names.push(`${test.module.relativeModuleId} > ${test.fullName}`)
  }

  onTestRunEnd() {
    for (const name of this.#names) console.log(`PASSED ON THE SECOND TRY ONLY: ${name}`)
  }
}
