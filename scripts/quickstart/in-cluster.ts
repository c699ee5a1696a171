import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Settings } from '../../client/index.ts';
import type { QueueSpecInput } from '../../contracts/queue-spec.ts';
import type { DockerTestbed } from '../testbed/docker/up.ts';
import type { GitServer } from '../testbed/git/server.ts';
import { AgentsInCluster } from '../testbed/kubernetes/agents.ts';
import { objectsIn } from '../testbed/kubernetes/deploy-files.ts';
import type { Doorway } from '../testbed/kubernetes/doorway.ts';
import type { Kubectl } from '../testbed/kubernetes/kubectl.ts';

export interface InCluster {
  kubectl: Kubectl;
  doorway: Doorway;
  docker: DockerTestbed;
  /** What reaches S3 from this machine. */
  s3: Readonly<Record<string, string>>;
  git: GitServer;
  /** Where pods reach it. */
  gitHost: string;
  settings: Pick<Settings, 'entity' | 'storeUrl' | 'temporal'>;
  /** The namespace of the Jobs. */
  jobs: string;
  queues: Readonly<Record<string, QueueSpecInput>>;
  image: string;
}

/** Agents of deploy/agent over testbeds: they know the git server, with its token, and have pods pull from the registry that wants a password. */
export async function startInCluster({
  docker: { registry },
  s3: { AWS_ENDPOINT_URL_S3 = '', AWS_REGION = '', AWS_ACCESS_KEY_ID = '', AWS_SECRET_ACCESS_KEY = '' },
  git,
  gitHost,
  settings: { entity, storeUrl, temporal },
  ...more
}: InCluster): Promise<AgentsInCluster> {
  const { doorway } = more;
  const { private: privately } = registry;
  return AgentsInCluster.start({
    ...more,
    settings: {
      TEMPORAL_ADDRESS: await doorway.to(temporal.address),
      TEMPORAL_NAMESPACE: entity,
      RELAUNCH_STORE: storeUrl,
      AWS_ENDPOINT_URL_S3: `http://${await doorway.to(new URL(AWS_ENDPOINT_URL_S3).host)}`,
      AWS_REGION,
    },
    secrets: { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, GIT_TOKEN: git.token },
    file: {
      git: { [gitHost]: { username: git.username, token: { env: 'GIT_TOKEN' }, caBundle: 'git.crt' } },
      registries: { [privately.host]: { pullSecret: true } },
    },
    beside: { 'git.crt': await readFile(git.certificate, 'utf8') },
    dockerConfig: await readFile(join(privately.dockerConfigDir, 'config.json'), 'utf8'),
  });
}

/** A namespace for Jobs, with the rights of deploy/kubernetes. `registry`: whose account pods pull with. */
export async function provideJobs(kubectl: Kubectl, name: string, registry: string): Promise<void> {
  await kubectl.apply(name, [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name } },
    ...(await objectsIn('kubernetes/agent-role.yaml')),
    ...(await objectsIn('kubernetes/agent-nodes.yaml')),
    ...(await objectsIn('kubernetes/pull-secrets/role.yaml', (role) => pullSecretsOf(role, registry))),
  ]);
}

/** The file of an agent on this machine that builds for queues, and does nothing else. `repository`: of the registry that wants a password. */
export const builderFile = (
  queues: readonly string[],
  { dockerHost, registry, images, index }: DockerTestbed,
  repository: string,
): { name: string; [key: string]: unknown } => ({
  name: 'builder',
  queues,
  maxJobs: 0,
  docker: { host: dockerHost },
  builder: {
    destination: `${registry.private.host}/${repository}`,
    pythonImage: images.python,
    indexUrl: index.urlWithCredentials,
    network: 'host',
  },
});

/** What lets agents keep their account of a registry in Secrets: deploy/kubernetes/pull-secrets/role.yaml, for that registry. */
export const pullSecretsOf = (role: string, registry: string): string =>
  role.replace('relaunch-registry-docker.io', `relaunch-registry-${registry.replace(':', '-')}`);
