import type { EngineRequest } from '../../backends/docker/engine.ts';
import type { EngineApi } from './engine-api.ts';
import { BrokenAnswer, engineMessages, type EngineMessage } from './engine-messages.ts';

/**
 * Asks for something that takes a while, and gives each message of the answer. An engine that says nothing for `silenceMs` is given up.
 * @throws EngineFailure, EngineError, the request's signal's reason, RelaunchError BuilderUnavailable
 */
export async function* answerOf(
  api: EngineApi,
  request: EngineRequest,
  silenceMs: number,
): AsyncGenerator<EngineMessage, void, undefined> {
  const { signal } = request;
  const cut = new AbortController();
  const silence = setTimeout(() => {
    cut.abort();
  }, silenceMs);
  try {
    const answer = await api.stream({ ...request, signal: AbortSignal.any([signal, cut.signal]) });
    for await (const message of engineMessages(answer)) {
      silence.refresh();
      yield message;
      silence.refresh();
    }
  } catch (error) {
    signal.throwIfAborted();
    if (cut.signal.aborted) throw api.unavailable(`said nothing for ${String(silenceMs / 1_000)} s`, error);
    if (error instanceof BrokenAnswer) throw api.unavailable(error.message, error);
    throw error;
  } finally {
    clearTimeout(silence);
    cut.abort();
  }
}
