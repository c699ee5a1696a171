import { createQueue, type Relaunch } from '../../client/index.ts';
import type { DockerTestbed } from '../testbed/docker/up.ts';
import { startAgentProcess } from './agent-process.ts';

export const dockerQueue = 'docker';

/** An agent with a builder, for a queue of containers: on the testbed's Engine, registry, package index and base image. */
export async function startDockerAgent(
  relaunch: Relaunch,
  { dockerHost, registry, index, images }: Pick<DockerTestbed, 'dockerHost' | 'registry' | 'index' | 'images'>,
  signal: AbortSignal,
): Promise<{ stop(): Promise<void> }> {
  await createQueue(relaunch.store, dockerQueue, {
    backend: 'docker',
    resourceArgs: { docker: { network: 'host' } },
    gracePeriod: '10s',
  });
  const builder = {
    destination: `${registry.open.host}/quickstart`,
    pythonImage: images.python,
    indexUrl: index.urlWithCredentials,
    network: 'host',
  };
  const spec = { name: 'docker-agent', queues: [dockerQueue], maxJobs: 2, docker: { host: dockerHost }, builder };
  return startAgentProcess(relaunch, spec, signal);
}
