import { afterEach, beforeEach, describe } from 'vitest';
import type { Attempt } from '../../activities/backends/backend.ts';
import { identity, stopping } from './backend-contract-control.ts';
import { endings, output } from './backend-contract-output.ts';
import { never, type AttemptOptions, type BackendHarness, type ContractTools } from './backend-harness.ts';

/** What every backend does, whatever runs beneath it, and what `more` says of some. Its parts wait more than they work, and run beside each other. */
export function backendContract(
  name: string,
  make: () => Promise<BackendHarness>,
  more?: (tools: ContractTools) => void,
): void {
  describe(`backend ${name}`, { timeout: 60_000 }, () => {
    part('how a job ends', make, endings);
    part('what a job says and knows', make, output);
    part('how a job is ended', make, stopping);
    part('which job is which', make, identity);
    if (more !== undefined) part('what it has besides', make, more);
  });
}

function part(name: string, make: () => Promise<BackendHarness>, tests: (tools: ContractTools) => void): void {
  describe(name, () => {
    let harness: BackendHarness;
    beforeEach(async () => {
      harness = await make();
    });
    afterEach(() => harness.cleanup());
    const start = async (options: AttemptOptions): Promise<Attempt> => {
      const attempt = harness.attempt(options);
      await harness.backend.submit(attempt, never);
      return attempt;
    };
    tests({ harness: () => harness, start });
  });
}
