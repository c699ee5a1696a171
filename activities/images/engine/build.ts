import { RelaunchError } from '../../../contracts/failures.ts';
import { EngineError } from '../../backends/docker/engine-error.ts';
import { quoted } from '../registry/failures.ts';
import { buildFailure } from './build-failure.ts';
import { BuildProgress } from './build-progress.ts';
import { BuildSession } from './build-session.ts';
import { Ending } from './ending.ts';
import { answerOf } from './engine-answer.ts';
import { EngineFailure, type EngineMessage } from './engine-messages.ts';
import type { EngineUse } from './engine-use.ts';
import type { BuildRequest, BuildSink } from './image-engine.ts';
import { masking } from '../../secrets/masking.ts';

/** As ImageEngine's, by the BuildKit that is in the engine. */
export async function buildImage(
  use: EngineUse,
  request: BuildRequest,
  sink: BuildSink,
  signal: AbortSignal,
): Promise<{ imageId: string }> {
  const { context, secrets = {}, mask = [] } = request;
  const masked = masking([...Object.values(secrets), ...mask]);
  const progress = new BuildProgress(masked);
  const contextErrors: Error[] = [];
  context.on('error', (error: Error) => contextErrors.push(error));
  const ending = new Ending(use.api, signal);
  let session: BuildSession | undefined;
  try {
    session = await BuildSession.open(use.api, { secrets, credentials: use.credentials, signal });
    const query = { ...queryOf(request), session: session.id, buildid: ending.buildId };
    const posted = { method: 'POST', path: '/build', query, tar: context, signal: ending.left } as const;
    const imageId = await follow(answerOf(use.api, posted, use.silenceMs), progress, sink);
    signal.throwIfAborted();
    if (imageId === undefined) throw use.api.unavailable('ended the build without an image');
    return { imageId };
  } catch (error) {
    signal.throwIfAborted();
    if (contextErrors[0] !== undefined) throw contextErrors[0];
    if (error instanceof EngineError) throw refused(use, error);
    if (!(error instanceof EngineFailure)) throw error;
    const { failed } = progress;
    const engine = await use.api.name(signal);
    throw buildFailure(masked(error.message), { failed, engine, shownTo: (host) => session?.shownTo(host) ?? {} });
  } finally {
    ending.close();
    session?.close();
    context.destroy();
  }
}

/** Tells what an answer says; resolves with the image that it names. */
async function follow(
  messages: AsyncIterable<EngineMessage>,
  progress: BuildProgress,
  sink: BuildSink,
): Promise<string | undefined> {
  let made: string | undefined;
  for await (const { trace, imageId } of messages) {
    made = imageId ?? made;
    const lines = trace === undefined ? [] : progress.take(trace);
    for (const { step, m } of lines) await sink.line({ t: new Date().toISOString(), step, m });
  }
  return made;
}

/** @see https://docs.docker.com/reference/api/engine/version/v1.41/#tag/Image/operation/ImageBuild; version 2 is BuildKit. */
function queryOf(request: BuildRequest): Record<string, string> {
  const { dockerfile, tag, platform, buildArgs = {}, cacheFrom = [], networkMode, pullsBases = false } = request;
  return {
    version: '2',
    t: tag,
    dockerfile,
    buildargs: JSON.stringify(buildArgs),
    cachefrom: JSON.stringify(cacheFrom),
    ...(pullsBases ? { pull: '1' } : {}),
    ...(platform === undefined ? {} : { platform }),
    ...(networkMode === undefined ? {} : { networkmode: networkMode }),
  };
}

/** The engine does not begin at all. */
function refused({ api }: EngineUse, { code, message }: EngineError): RelaunchError {
  if (code >= 500) return api.unavailable(`does not build: ${quoted(message)}`);
  return new RelaunchError('BuildFailed', `the engine refuses to build this: ${quoted(message)}`);
}
