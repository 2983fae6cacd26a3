const { writeFileSync } = require('node:fs');

/**
 * Writes how many tests passed and failed, as JSON, to the file named by SPANLOOM_TEST_COUNTS.
 * A test file that cannot be run at all counts as one failure, and a global set-up that failed does too.
 */
module.exports = class CountReporter {
  onRunComplete(_contexts, results) {
    const file = process.env.SPANLOOM_TEST_COUNTS;
    if (!file) return;
    const failed =
      results.numFailedTests + results.numRuntimeErrorTestSuites + (results.runExecError ? 1 : 0);
    const counts = { passed: results.numPassedTests, failed, skipped: results.numPendingTests };
    writeFileSync(file, `${JSON.stringify(counts)}\n`);
  }
};
