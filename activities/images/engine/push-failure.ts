import type { RelaunchError } from '../../../contracts/failures.ts';
import { accountOf, secretsOf } from '../registry/authorization.ts';
import type { Credentials } from '../registry/credentials.ts';
import { denied, quoted, unavailable } from '../registry/failures.ts';
import type { EngineApi } from './engine-api.ts';
import { hostOf } from './host-of.ts';
import { nobody, registryTrouble } from './registry-words.ts';

interface FailureContext {
  image: string;
  /** What the registry was shown. */
  shown: Credentials | undefined;
  api: Pick<EngineApi, 'unavailable'>;
}

const notHere = /^(?:an image does not exist locally|no such image|tag does not exist)/i;

/** What is wrong when an engine says that a push failed. */
export function pushFailure(message: string, { image, shown, api }: FailureContext): RelaunchError {
  const host = hostOf(image);
  const said = quoted(message, secretsOf(shown));
  if (notHere.test(message)) return api.unavailable(`does not have ${image} any more: ${said}`);
  const trouble = registryTrouble(message);
  if (trouble === 'unavailable') return unavailable(`registry ${host} does not take ${image}: ${said}`);
  const who = shown === undefined ? nobody(host) : accountOf(shown);
  return denied(`registry ${host} does not take ${image} from ${who}: ${said}`);
}
