import { dockerCredentials } from '../../images/registry/docker-config.ts';
import { engineAuth } from '../../images/registry/engine-auth.ts';
import { parseImageName } from '../../images/registry/image-name.ts';

/**
 * What an engine is to show to the registry of an image, as `X-Registry-Auth` has it: what `docker login` left in the configuration in
 * `directory`, or a helper has. Undefined: nothing. @throws RelaunchError RegistryDenied, RegistryUnavailable
 */
export async function registryAuth(directory: string, image: string, signal: AbortSignal): Promise<string | undefined> {
  const { host } = parseImageName(image);
  const found = await dockerCredentials(directory, host, signal);
  return found === undefined ? undefined : engineAuth(host, found);
}
