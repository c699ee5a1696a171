import { randomUUID } from 'node:crypto';
import type Docker from 'dockerode';
import type { Attempt, Backend } from '../../activities/backends/backend.ts';
import { createDockerBackend, type DockerOptions } from '../../activities/backends/docker/docker-backend.ts';
import { label } from '../../activities/backends/labels.ts';
import { attemptName } from '../../contracts/names.ts';
import { upDocker, type DockerTestbed } from '../../scripts/testbed/docker/up.ts';
import { never, type BackendHarness } from './backend-harness.ts';
import { dockerClient } from './docker-client.ts';
import { attemptOf } from './process-attempts.ts';

type Wanted = Parameters<BackendHarness['attempt']>[0] & {
  resourceArgs?: Attempt['plan']['resourceArgs'];
  /** Default: the testbed's busybox. */
  image?: string;
};

export interface DockerHarness extends BackendHarness {
  testbed: DockerTestbed;
  /** To look and to break with, past the backend. */
  docker: Docker;
  /** Another backend over the same engine: the agent after its restart. */
  again(options?: Partial<DockerOptions>): Backend;
  attempt(options: Wanted): Attempt;
  /** Submits an attempt. */
  start(options: Wanted): Promise<Attempt>;
  /** The container of an attempt. */
  containerOf(attempt: Pick<Attempt, 'ref'>): Docker.Container;
  /** What there is of this harness: containers and volumes. */
  leftovers(): Promise<string[]>;
}

/** An Engine that tests may kill; the same for all of them. Starts what was killed. */
export const upOwnDocker = (): Promise<DockerTestbed> => upDocker({ own: true, say: () => undefined });

/** A backend over the testbed's engine, and its attempts. */
export async function dockerHarness(options: Partial<DockerOptions> = {}): Promise<DockerHarness> {
  const testbed = await upOwnDocker();
  const docker = dockerClient(testbed);
  const owner = randomUUID();
  const again: DockerHarness['again'] = (more) =>
    createDockerBackend({ host: testbed.dockerHost, owner, node: 'test-host', ...options, ...more });
  const backend = again();
  const ours = { filters: { label: [`${label.owner}=${owner}`] } };
  const containers = (): Promise<Docker.ContainerInfo[]> => docker.listContainers({ all: true, ...ours });
  const volumes = async (): Promise<Docker.VolumeInspectInfo[]> => (await docker.listVolumes(ours)).Volumes;
  const attempt: DockerHarness['attempt'] = ({ resourceArgs = {}, image = testbed.images.busybox, ...wanted }) => {
    const made = attemptOf(wanted);
    return { ...made, plan: { ...made.plan, backend: 'docker', source: { image }, resourceArgs } };
  };
  return {
    testbed,
    docker,
    backend,
    again,
    isInit: true,
    attempt,
    async start(wanted) {
      const made = attempt(wanted);
      await backend.submit(made, never);
      return made;
    },
    containerOf: ({ ref }) => docker.getContainer(attemptName(ref.run, ref.attempt)),
    countAlive: async ({ uid }) =>
      (await containers()).filter(({ Labels, State }) => Labels[label.uid] === uid && State === 'running').length,
    leftovers: async () => [...(await containers()).map(({ Id }) => Id), ...(await volumes()).map(({ Name }) => Name)],
    async cleanup() {
      for (const { Id } of await containers()) await docker.getContainer(Id).remove({ force: true, v: true });
      for (const { Name } of await volumes()) await docker.getVolume(Name).remove();
    },
  };
}
