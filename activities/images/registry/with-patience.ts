import { RelaunchError } from '../../../contracts/failures.ts';
import { pause } from '../../backends/waiting.ts';
import { networkWords, unavailable } from './failures.ts';
import type { HttpAnswer } from './http.ts';

/**
 * Asks until there is an answer other than "too much" (429) and "not now" (5xx), for so long; then gives that answer. A server that says
 * when it may be asked again is not asked before, and not at all if that is too late.
 * @throws RelaunchError RegistryUnavailable where the network gave no answer
 */
export async function withPatience(
  { whom, patienceMs, signal }: { whom: string; patienceMs: number; signal: AbortSignal },
  ask: () => Promise<HttpAnswer>,
): Promise<HttpAnswer> {
  const deadline = performance.now() + patienceMs;
  for (let waitMs = 100; ; waitMs = Math.min(waitMs * 2, 5_000)) {
    let pauseMs = waitMs * (0.5 + Math.random());
    const isTooLate = (): boolean => performance.now() + pauseMs > deadline;
    try {
      const answer = await ask();
      if (answer.status !== 429 && answer.status < 500) return answer;
      pauseMs = Math.max(pauseMs, Number(answer.headers['retry-after'] ?? 0) * 1_000 || 0);
      if (isTooLate()) return answer;
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof RelaunchError) throw error;
      if (isTooLate()) throw unavailable(`${whom} does not answer: ${networkWords(error)}`, error);
    }
    await pause(pauseMs, signal);
  }
}
