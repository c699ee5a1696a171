import { EngineError, isAnswer } from '../../backends/docker/engine-error.ts';
import { quoted } from '../registry/failures.ts';
import { parseImageName } from '../registry/image-name.ts';
import type { EngineApi } from './engine-api.ts';
import type { EngineUse } from './engine-use.ts';

interface Listed {
  Id: string;
  RepoTags: string[] | null;
}

interface Dated {
  Created: string;
  Metadata: { LastTagTime: string };
}

/** As ImageEngine's. */
export async function listTags({ api }: EngineUse, repository: string, signal: AbortSignal): Promise<string[]> {
  const prefix = `${shortName(repository)}:`;
  const query = { filters: JSON.stringify({ reference: [`${prefix}*`] }) };
  try {
    const images = await api.send<Listed[]>({ method: 'GET', path: '/images/json', query, signal });
    const dated = await Promise.all(
      images.map(async ({ Id, RepoTags }) => {
        const names = (RepoTags ?? []).filter((name) => name.startsWith(prefix));
        const at = await taggedAt(api, Id, signal);
        return names.map((name) => ({ tag: name.slice(prefix.length), at }));
      }),
    );
    const newestFirst = dated.flat().sort((a, b) => b.at - a.at);
    return newestFirst.map(({ tag }) => tag);
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    throw api.unavailable(`does not list the images of ${repository}: ${quoted(error.message)}`, error);
  }
}

/** Engines list Docker Hub's without their host. */
function shortName(repository: string): string {
  const { host, repository: path } = parseImageName(repository);
  return host === 'docker.io' ? path.replace(/^library\//, '') : `${host}/${path}`;
}

/**
 * When it was last built, also where that made nothing new; 0 where it is gone by now. Of a build whose client did not stay to its end the
 * engine notes no time, and then it is when the image was made.
 */
async function taggedAt(api: EngineApi, id: string, signal: AbortSignal): Promise<number> {
  try {
    const path = `/images/${id}/json`;
    const { Created, Metadata } = await api.send<Dated>({ method: 'GET', path, signal });
    const at = Date.parse(Metadata.LastTagTime);
    return at > 0 ? at : Date.parse(Created);
  } catch (error) {
    if (isAnswer(error, 404)) return 0;
    throw error;
  }
}
