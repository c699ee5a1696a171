import type { Reporter, SerializedError, TestModule } from 'vitest/node';

interface Tally {
  passed: number;
  failed: number;
  skipped: number;
}

/**
 * Ends the output of a test run with the line `N passed, N failed, N skipped`, in which tests are counted. A file that
 * does not load, a hook that fails and an error outside of any test count as one failed test each.
 * A run in which no test ran exits with 1.
 */
// eslint-disable-next-line import-x/no-default-export -- vitest loads reporters by their default export
export default class ClosingLine implements Reporter {
  #tally: Tally = { passed: 0, failed: 0, skipped: 0 };

  onInit(): void {
    process.once('exit', () => {
      const { passed, failed, skipped } = this.#tally;
      if (passed + failed === 0) process.exitCode ||= 1;
      process.stdout.write(`${String(passed)} passed, ${String(failed)} failed, ${String(skipped)} skipped\n`);
    });
  }

  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly SerializedError[]): void {
    this.#tally = { passed: 0, failed: unhandled.length, skipped: 0 };
    for (const module of modules) count(module, this.#tally);
  }
}

function count(module: TestModule, tally: Tally): void {
  if (module.errors().length > 0) tally.failed += 1;
  for (const suite of module.children.allSuites()) {
    if (suite.errors().length > 0) tally.failed += 1;
  }
  for (const test of module.children.allTests()) {
    const { state } = test.result();
    // Pending at the end: its process died.
    tally[state === 'pending' ? 'failed' : state] += 1;
  }
}
