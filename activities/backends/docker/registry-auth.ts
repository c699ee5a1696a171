import { dockerCredentials } from '../../images/registry/docker-config.ts';
import { parseImageName } from '../../images/registry/image-name.ts';

/**
 * What an engine is to show to the registry of an image, as `X-Registry-Auth` has it: what `docker login` left in the configuration in
 * `directory`, or a helper has. Undefined: nothing. @throws RelaunchError RegistryDenied, RegistryUnavailable
 */
export async function registryAuth(directory: string, image: string, signal: AbortSignal): Promise<string | undefined> {
  const { host } = parseImageName(image);
  const found = await dockerCredentials(directory, host, signal);
  if (found === undefined) return undefined;
  const auth =
    found.kind === 'password'
      ? { username: found.username, password: found.password, serveraddress: host }
      : { identitytoken: found.token, serveraddress: host };
  return Buffer.from(JSON.stringify(auth)).toString('base64url');
}
