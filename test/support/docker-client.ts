import Docker from 'dockerode';
import type { DockerTestbed } from '../../scripts/testbed/docker/up.ts';

/** A client of the testbed's Engine. */
export function dockerClient({ dockerHost }: DockerTestbed): Docker {
  const { protocol, pathname, hostname, port } = new URL(dockerHost);
  return protocol === 'unix:' ? new Docker({ socketPath: pathname }) : new Docker({ host: hostname, port });
}

/** Follows a pull or a push to its end. @throws Error with what it reports as its error: the Engine answers 200 first */
async function succeed(docker: Docker, progress: NodeJS.ReadableStream): Promise<void> {
  const events = await new Promise<{ error?: string }[]>((resolve, reject) => {
    docker.modem.followProgress(progress, (error, all: { error?: string }[]) => {
      if (error) reject(error);
      else resolve(all);
    });
  });
  const failed = events.find(({ error }) => error !== undefined);
  if (failed !== undefined) throw new Error(failed.error);
}

export const pull = async (docker: Docker, image: string, authconfig?: Docker.AuthConfig): Promise<void> =>
  succeed(docker, await docker.pull(image, { authconfig }));

/** Also who has no credentials must say so. */
export const push = async (docker: Docker, image: string, authconfig: Docker.AuthConfig = {}): Promise<void> =>
  succeed(docker, await docker.getImage(image).push({ authconfig }));

/** Runs a container on the machine's network to its end, and removes it. */
export async function run(
  docker: Docker,
  image: string,
  ...command: string[]
): Promise<{ exitCode: number; output: string }> {
  const container = await docker.createContainer({
    Image: image,
    Cmd: command,
    Tty: true,
    HostConfig: { NetworkMode: 'host' },
  });
  try {
    await container.start();
    const { StatusCode } = (await container.wait()) as { StatusCode: number };
    const output = await container.logs({ stdout: true, stderr: true });
    return { exitCode: StatusCode, output: output.toString() };
  } finally {
    await container.remove({ force: true });
  }
}
