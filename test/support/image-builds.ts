import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { DockerEngine, type DockerEngineOptions } from '../../activities/images/engine/docker-engine.ts';
import type { BuildLine, BuildRequest } from '../../activities/images/engine/image-engine.ts';
import { never } from './backend-harness.ts';
import { rawEntry } from './raw-tar.ts';

/** A tar of these files, by their paths. */
function contextOf(files: Readonly<Record<string, string>>): Readable {
  const entries = Object.entries(files).map(([path, body]) => rawEntry({ path, body }));
  return Readable.from([...entries, Buffer.alloc(1_024)]);
}

/** What a build was told to make, and what it said. */
interface Built {
  tag: string;
  said: BuildLine[];
  text(): string;
  result: Promise<{ imageId: string }>;
}

export type Build = (
  dockerfile: readonly string[],
  more?: Partial<BuildRequest> & { files?: Readonly<Record<string, string>>; signal?: AbortSignal },
) => Built;

/** Builds on one engine; RUN steps see the machine's network. */
export function builderOn(options: DockerEngineOptions, repository: string): { engine: DockerEngine; build: Build } {
  const engine = new DockerEngine(options);
  const build: Build = (dockerfile, { files = {}, signal = never, ...more } = {}) => {
    const said: BuildLine[] = [];
    const tag = `${repository}/${randomUUID().slice(0, 8)}:1`;
    const context = contextOf({ ...files, Dockerfile: dockerfile.join('\n') });
    const request = { context, dockerfile: 'Dockerfile', tag, networkMode: 'host', ...more };
    const result = engine.build(request, { line: (line) => Promise.resolve(void said.push(line)) }, signal);
    result.catch(() => undefined);
    return { tag: request.tag, said, text: () => said.map(({ m }) => m).join('\n'), result };
  };
  return { engine, build };
}
