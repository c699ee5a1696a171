import { downDocker } from '../../scripts/testbed/docker/down.ts';
import { isDockerUp, prepareDocker } from '../../scripts/testbed/docker/up.ts';

/** Brings what the Docker testbed needs, and takes it down again. The first file that needs it starts it. One that was up before stays so. */
export async function setup(): Promise<() => Promise<unknown>> {
  const wasUp = await isDockerUp();
  await prepareDocker();
  return () => (wasUp ? Promise.resolve() : downDocker());
}
