import { Header } from 'tar';
import { contextTar } from '../../images/context-tar.ts';
import { mostSecretBytes } from '../../secrets/secret-file.ts';
import type { GivenSecret } from '../backend.ts';
import { fileVariables, secretsMount } from '../given-secrets.ts';
import type { Filling } from './attempt-volume.ts';
import type { Container } from './objects.ts';
import type { DockerSite } from './site.ts';

/** Which variables of a container have secrets for values. */
const secretsLabel = 'relaunch.dev/secret-variables';

/** More of them, and larger ones, a job has made itself. */
const mostSecrets = 256;
const mostBytes = mostSecrets * mostSecretBytes;

const blockBytes = 512;

/** What secrets add to a container. */
export interface ContainerSecrets {
  variables: Record<string, string>;
  labels: Record<string, string>;
  /** Their files, readable for every user of the image; undefined where there are none. */
  filling: Filling | undefined;
}

export function containerSecrets(given: readonly GivenSecret[]): ContainerSecrets {
  const files = given.filter(({ as }) => as === 'file');
  const texts = given.filter(({ as }) => as === 'env');
  const names = texts.map(({ variable }) => variable);
  const entries = files.map(({ variable, value }) => ({
    ...{ path: variable, kind: 'file' as const, isExecutable: false },
    content: value,
  }));
  return {
    variables: {
      ...fileVariables(
        files.map(({ variable }) => variable),
        secretsMount,
      ),
      ...Object.fromEntries(texts.map(({ variable, value }) => [variable, value.toString()])),
    },
    labels: names.length === 0 ? {} : { [secretsLabel]: names.join(',') },
    filling:
      files.length === 0
        ? undefined
        : { target: secretsMount, archive: () => contextTar(entries, { mtime: new Date(), isOpen: false }) },
  };
}

/** What a container was given, as far as its job has left it there. */
export async function givenSecrets(site: DockerSite, container: Container, signal: AbortSignal): Promise<Buffer[]> {
  const { Config, Mounts } = container;
  const names = Config.Labels?.[secretsLabel]?.split(',') ?? [];
  const texts = (Config.Env ?? []).flatMap((assignment) => {
    const at = assignment.indexOf('=');
    return names.includes(assignment.slice(0, at)) ? [Buffer.from(assignment.slice(at + 1))] : [];
  });
  const hasFiles = Mounts?.some(({ Destination }) => Destination === secretsMount) === true;
  return hasFiles ? [...texts, ...(await readFiles(site, container.Id, signal))] : texts;
}

/** Those that cannot be had are left out. */
async function readFiles({ engine }: DockerSite, id: string, signal: AbortSignal): Promise<Buffer[]> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    const path = `/containers/${id}/archive`;
    const answer = await engine.stream({ method: 'GET', path, query: { path: secretsMount }, signal });
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes > mostBytes) break;
    }
  } catch {
    signal.throwIfAborted();
  }
  return filesIn(Buffer.concat(chunks));
}

/** The contents of the files that a tar has. */
function filesIn(tar: Buffer): Buffer[] {
  const found: Buffer[] = [];
  for (let at = 0; at + blockBytes <= tar.length;) {
    const { type, size = 0, nullBlock } = new Header(tar, at);
    at += blockBytes;
    if (nullBlock || size < 0 || at + size > tar.length) break;
    if (type === 'File' || type === 'OldFile') found.push(tar.subarray(at, at + size));
    at += Math.ceil(size / blockBytes) * blockBytes;
  }
  return found.slice(0, mostSecrets).filter(({ length }) => length <= mostSecretBytes);
}
