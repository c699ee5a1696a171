import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import { createQueue, type Relaunch } from '../../client/index.ts';
import type { DockerTestbed } from '../testbed/docker/up.ts';
import { isGone, ownEnvironment, untilUp } from './own-process.ts';

export const dockerQueue = 'docker';

const startPatienceMs = 60_000;
/** What says that it is up. */
const served = '"msg":"agent serves"';

/** An agent with a builder, for a queue of containers: on the testbed's Engine, registry, package index and base image. */
export async function startDockerAgent(
  relaunch: Relaunch,
  { dockerHost, registry, index, images }: Pick<DockerTestbed, 'dockerHost' | 'registry' | 'index' | 'images'>,
  signal: AbortSignal,
): Promise<{ stop(): Promise<void> }> {
  const { home, entity, temporal, storeUrl } = relaunch.settings;
  await createQueue(relaunch.store, dockerQueue, {
    backend: 'docker',
    resourceArgs: { docker: { network: 'host' } },
    gracePeriod: '10s',
  });
  const file = join(home, 'docker-agent.yaml');
  const builder = {
    destination: `${registry.open.host}/quickstart`,
    pythonImage: images.python,
    indexUrl: index.urlWithCredentials,
    network: 'host',
  };
  const spec = { name: 'quickstart', queues: [dockerQueue], maxJobs: 2, docker: { host: dockerHost }, builder };
  await writeFile(file, stringify(spec));
  const log = join(home, 'docker-agent.log');
  const output = openSync(log, 'w');
  const command = fileURLToPath(new URL('../relaunch.ts', import.meta.url));
  const env = { RELAUNCH_HOME: home, RELAUNCH_STORE: storeUrl, TEMPORAL_ADDRESS: temporal.address };
  const child = spawn(process.execPath, [command, 'agent', '-c', file, '--entity', entity], {
    stdio: ['ignore', output, output],
    env: { ...ownEnvironment(process.env), ...env },
  });
  closeSync(output);
  const ended = once(child, 'exit');
  const stop = async (): Promise<void> => {
    if (!isGone(child)) child.kill('SIGTERM');
    await ended;
  };
  await untilUp(child, {
    isUp: async () => (await readFile(log, 'utf8')).includes(served),
    patienceMs: startPatienceMs,
    stop,
    complaint: `the agent did not start (${log})`,
    signal,
  });
  return { stop };
}
