import { afterEach, beforeEach, describe } from 'vitest';
import type { Attempt } from '../../activities/backends/backend.ts';
import { identity, stopping } from './backend-contract-control.ts';
import { endings, output } from './backend-contract-output.ts';
import { never, type AttemptOptions, type BackendHarness, type ContractTools } from './backend-harness.ts';

/** What every backend does, whatever runs beneath it, and what `more` says of some. */
export function backendContract(
  name: string,
  make: () => Promise<BackendHarness>,
  more: (tools: ContractTools) => void = () => undefined,
): void {
  describe(`backend ${name}`, { timeout: 60_000 }, () => {
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
    const tools: ContractTools = { harness: () => harness, start };
    endings(tools);
    output(tools);
    stopping(tools);
    identity(tools);
    more(tools);
  });
}
