import { execa } from 'execa';
import type { DockerTestbed } from '../../scripts/testbed/docker/up.ts';
import { settle } from '../../scripts/testbed/options.ts';
import { docker } from '../../scripts/testbed/docker/place.ts';
import { bringPrograms } from '../../scripts/testbed/docker/programs.ts';
import type { Measuring } from './with-cluster.ts';

/** Runs `docker ARGS` on the testbed's engine, with its BuildKit and with the agents' credentials, and answers what it prints. */
export type DockerCli = (...args: string[]) => Promise<string>;

/** That of the testbed: a machine's own may lack what `docker build` needs for BuildKit. */
export async function dockerCli(
  { dockerHost, registry }: DockerTestbed,
  { say, signal }: Measuring,
): Promise<DockerCli> {
  const { cache } = settle(docker, { say });
  const programs = await bringPrograms(cache, say);
  const env = {
    ...programs.env,
    DOCKER_HOST: dockerHost,
    DOCKER_BUILDKIT: '1',
    DOCKER_CONFIG: registry.private.dockerConfigDir,
  };
  return async (...args) => {
    const { stdout } = await execa('docker', args, { env, stdin: 'ignore', cancelSignal: signal });
    return stdout;
  };
}
