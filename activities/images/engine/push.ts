import { EngineError } from '../../backends/docker/engine-error.ts';
import { engineAuth } from '../registry/engine-auth.ts';
import { quoted } from '../registry/failures.ts';
import { parseImageName } from '../registry/image-name.ts';
import { answerOf } from './engine-answer.ts';
import { EngineFailure } from './engine-messages.ts';
import type { EngineUse } from './engine-use.ts';
import type { BuildSink } from './image-engine.ts';
import { pushFailure } from './push-failure.ts';

/** As ImageEngine's. */
export async function pushImage(
  { api, credentials, silenceMs }: EngineUse,
  image: string,
  sink: BuildSink,
  signal: AbortSignal,
): Promise<{ digest: string }> {
  const { host, repository, tag = 'latest' } = parseImageName(image);
  const shown = await credentials(host, signal);
  const path = `/images/${host}/${repository}/push`;
  const posted = { method: 'POST', path, query: { tag }, registryAuth: engineAuth(host, shown), signal } as const;
  const told = new Set<string>();
  let pushed: string | undefined;
  try {
    for await (const { status, digest } of answerOf(api, posted, silenceMs)) {
      pushed = digest ?? /\bdigest: (sha256:[0-9a-f]{64})\b/.exec(status ?? '')?.[1] ?? pushed;
      if (status === undefined || told.has(status)) continue;
      told.add(status);
      await sink.line({ t: new Date().toISOString(), m: quoted(status) });
    }
  } catch (error) {
    if (error instanceof EngineFailure || error instanceof EngineError)
      throw pushFailure(error.message, { image, shown, api });
    throw error;
  }
  if (pushed === undefined) throw api.unavailable(`ended the push of ${image} without its digest`);
  return { digest: pushed };
}
