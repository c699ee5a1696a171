import { z } from 'zod';
import { linesOf } from '../../backends/kubernetes/lines-of.ts';
import { networkWords } from '../registry/failures.ts';
import { statusResponse, type StatusResponse } from './buildkit-messages.ts';

/** What one message of an engine says, of what is of use here. */
export interface EngineMessage {
  /** Of a build: what has changed. */
  trace?: StatusResponse;
  /** Of a build: what was made. It comes once, and is not always the last word. */
  imageId?: string;
  /** Of a push: what the registry has now. */
  digest?: string;
  /** Of a push: a line for people, about a layer or all. */
  status?: string;
}

/** A failure that an engine tells in the middle of an answer that began well. */
export class EngineFailure extends Error {}

/** An answer that is none, or not all of one. */
export class BrokenAnswer extends Error {}

/** No message is longer, in characters. BuildKit's own are up to 4 MiB, in base64. */
const longest = 8 * 1_024 * 1_024;

/**
 * The messages of an answer that goes on and on: JSON, one a line. That they end says nothing about success.
 * @throws EngineFailure for the first message that is an error, BrokenAnswer for anything that is no message or not a whole one
 */
export async function* engineMessages(
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<EngineMessage, void, undefined> {
  const lines = linesOf(chunks, longest);
  for (;;) {
    const { done, value: line } = await lines.next().catch((cause: unknown) => {
      throw new BrokenAnswer(`broke off: ${networkWords(cause)}`, { cause });
    });
    if (line.trim() !== '') {
      if (done === true) throw new BrokenAnswer('stopped in the middle of a message');
      yield read(line);
    }
    if (done === true) return;
  }
}

const sha256 = z.string().regex(/^sha256:[0-9a-f]{64}$/);

/** @see https://docs.docker.com/reference/api/engine/version/v1.41/ ImageBuild, ImagePush; moby/moby, pkg/jsonmessage and builder-next */
const wireMessage = z.object({
  id: z.string().optional(),
  status: z.string().optional(),
  aux: z.unknown().optional(),
  error: z.string().optional(),
  errorDetail: z.object({ message: z.string().optional() }).optional(),
});

function read(line: string): EngineMessage {
  const message = understood(() => wireMessage.parse(JSON.parse(line)));
  const failure = message.errorDetail?.message ?? message.error;
  if (failure !== undefined) throw new EngineFailure(failure);
  return understood(() => contentOf(message));
}

function contentOf({ id, status, aux }: z.output<typeof wireMessage>): EngineMessage {
  if (id === 'moby.buildkit.trace')
    return { trace: statusResponse.decode(Buffer.from(z.base64().parse(aux), 'base64')) };
  if (id === 'moby.image.id') return { imageId: z.object({ ID: sha256 }).parse(aux).ID };
  if (status !== undefined) return { status: id === undefined ? status : `${id}: ${status}` };
  const pushed = z.object({ Digest: sha256 }).safeParse(aux);
  return pushed.success ? { digest: pushed.data.Digest } : {};
}

function understood<T>(reading: () => T): T {
  try {
    return reading();
  } catch (cause) {
    throw new BrokenAnswer('says something that is no message of a Docker Engine', { cause });
  }
}
