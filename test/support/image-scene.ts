import { randomUUID } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { stringify } from 'yaml';
import type Docker from 'dockerode';
import type { z } from 'zod';
import { logs, result, submit, type Run, type RunEnd } from '../../client/index.ts';
import type { builderSpec } from '../../contracts/builder-spec.ts';
import type { LaunchSpecInput } from '../../contracts/launch-spec.ts';
import { upDocker, type DockerTestbed } from '../../scripts/testbed/docker/up.ts';
import { requestsIn } from './access-log.ts';
import { Cluster } from './cluster.ts';
import { dockerClient } from './docker-client.ts';
import { remembered } from './remembered.ts';

/** As a queue's file has them. */
export type DockerArgs = Readonly<Record<string, z.core.util.JSONType>>;

/** A cluster with queues of containers, and what makes images for them. */
export class ImageScene {
  readonly cluster: Cluster;
  readonly testbed: DockerTestbed;
  readonly docker: Docker;
  /** Where this scene's images go, and nobody else's. */
  readonly repository: string;

  private constructor(cluster: Cluster, testbed: DockerTestbed) {
    this.cluster = cluster;
    this.testbed = testbed;
    this.docker = dockerClient(testbed);
    this.repository = `scene-${randomUUID().slice(0, 8)}`;
  }

  /** The testbed, with what was killed of it. */
  static up(): Promise<DockerTestbed> {
    return upDocker({ own: true, say: () => undefined });
  }

  /** With these queues; by name, with what else they say to the backend. */
  static async start(
    wanted: readonly string[] | ((testbed: DockerTestbed) => Readonly<Record<string, DockerArgs>>),
  ): Promise<ImageScene> {
    const testbed = await ImageScene.up();
    const queues =
      typeof wanted === 'function' ? wanted(testbed) : Object.fromEntries(wanted.map((name) => [name, {}]));
    const specs = Object.entries(queues).map(([name, args]) => {
      const resourceArgs = { docker: { network: 'host', ...args } };
      return [name, { backend: 'docker', resourceArgs, gracePeriod: '2s' }] as const;
    });
    const cluster = await Cluster.start(Object.fromEntries(specs));
    cluster.env['DOCKER_CONFIG'] = testbed.registry.private.dockerConfigDir;
    return new ImageScene(cluster, testbed);
  }

  /** The file of an agent for these queues. It builds, unless its builder is told otherwise; null: it has none. */
  async agentFile(
    name: string,
    builder: Partial<z.input<typeof builderSpec>> | null = {},
    queues: readonly string[] = [name],
  ): Promise<string> {
    const { dockerHost, registry, images } = this.testbed;
    const destination = `${registry.open.host}/${this.repository}`;
    const file = join(this.cluster.home, `${name}.yaml`);
    const spec = {
      ...{ name, queues, maxJobs: 8, docker: { host: dockerHost } },
      ...(builder === null
        ? {}
        : {
            builder: {
              ...(builder.type === 'none' ? {} : { destination, network: 'host' }),
              pythonImage: images.python,
              ...builder,
            },
          }),
    };
    await writeFile(file, stringify(spec));
    return file;
  }

  /** A directory of code with these files. */
  async code(files: Readonly<Record<string, string>>): Promise<string> {
    const directory = join(this.cluster.home, `code-${randomUUID()}`);
    for (const [path, text] of Object.entries(files)) {
      await mkdir(dirname(join(directory, path)), { recursive: true });
      await writeFile(join(directory, path), text);
    }
    return directory;
  }

  async launch(queue: string, dir: string, more: Partial<LaunchSpecInput>): Promise<Run> {
    return submit(this.cluster.relaunch, { queue, source: { code: { dir } }, user: 'ada', ...more });
  }

  /** Launches, and waits for the end. */
  async run(queue: string, dir: string, more: Partial<LaunchSpecInput>): Promise<RunEnd & { workflowId: string }> {
    const { workflowId } = await this.launch(queue, dir, more);
    return { workflowId, ...(await result(this.cluster.relaunch, workflowId)) };
  }

  /** What a run, or its build, has written. */
  async lines(workflowId: string, of?: 'build'): Promise<string[]> {
    const found: string[] = [];
    for await (const { line } of logs(this.cluster.relaunch, workflowId, { attempt: of })) found.push(line.m);
    return found;
  }

  /** How often an image of this scene, or of another repository, came to the open registry. */
  async pushes(repository = this.repository): Promise<number> {
    const requests = await requestsIn(this.testbed.registry.open.log);
    const path = `/v2/${repository}/manifests/`;
    return requests.filter((each) => each.method === 'PUT' && each.path.startsWith(path) && each.status === 201).length;
  }

  /** What an image says of how it was made. */
  async history(image: string): Promise<string> {
    return JSON.stringify(await this.docker.getImage(image).history());
  }

  /** Every byte that the store has of a run, as text. */
  async recorded(run: string): Promise<string> {
    const { store } = this.cluster.relaunch;
    const objects = await Promise.all((await store.list(`runs/${run}/`)).map((key) => store.get(key)));
    return objects.map((object) => Buffer.from(object?.bytes ?? []).toString()).join('\n');
  }

  /** Everything that Temporal has of a run, as text. */
  remembered(workflowId: string): Promise<string> {
    return remembered(this.cluster.relaunch, workflowId);
  }

  stop(): Promise<void> {
    return this.cluster.stop();
  }
}
