import { readFileSync } from 'node:fs';
import { engineMessages, type EngineMessage } from '../../activities/images/engine/engine-messages.ts';

/** What a real engine, 20.10.24, has answered: see test/fixtures/docker-engine. */
export const recorded = (name: string): Buffer =>
  readFileSync(new URL(`../fixtures/docker-engine/${name}.jsonl`, import.meta.url));

/** The messages of an answer that comes in these chunks, and what ended them early. */
export async function messagesOf(
  ...chunks: readonly (Uint8Array | string)[]
): Promise<{ messages: EngineMessage[]; error?: unknown }> {
  const messages: EngineMessage[] = [];
  try {
    for await (const message of engineMessages(stream(chunks))) messages.push(message);
    return { messages };
  } catch (error) {
    return { messages, error };
  }
}

async function* stream(chunks: readonly (Uint8Array | string)[]): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) yield await Promise.resolve(Buffer.from(chunk));
}
