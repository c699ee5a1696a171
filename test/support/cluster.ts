import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile, rm, writeFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, vi } from 'vitest';
import { connect, createQueue, submit, type Relaunch, type Run } from '../../client/index.ts';
import type { KillPoint } from '../../activities/dependencies.ts';
import type { LaunchSpecInput } from '../../contracts/launch-spec.ts';
import type { QueueSpecInput } from '../../contracts/queue-spec.ts';
import type { DevServer } from '../../scripts/dev/server.ts';
import { killJobsOf } from './process-pids.ts';
import { startTestServer } from './temporal-server.ts';

const script = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** A process of ours, with what it wrote. */
export interface Started {
  child: ChildProcess;
  output(): string;
  /** Resolves with the exit code, or the signal's name. */
  exited: Promise<number | string>;
}

/** A real Temporal server, store and workers of one test file, each in its own process, in a scratch directory. */
export class Cluster {
  readonly relaunch: Relaunch;
  readonly home: string;
  readonly env: Record<string, string>;
  readonly #server: DevServer;
  readonly #started: Started[] = [];

  private constructor(relaunch: Relaunch, home: string, env: Record<string, string>, server: DevServer) {
    this.relaunch = relaunch;
    this.home = home;
    this.env = env;
    this.#server = server;
  }

  /** With control running, and these queues (of backend process unless they say otherwise). */
  static async start(queues: Record<string, Partial<QueueSpecInput>>): Promise<Cluster> {
    const { home, env, settings, server } = await startTestServer();
    await mkdir(join(home, 'code'));
    await writeFile(join(home, 'code', 'README'), 'a directory of code');
    const cluster = new Cluster(await connect(settings), home, env, server);
    try {
      for (const [name, spec] of Object.entries(queues)) {
        await createQueue(cluster.relaunch.store, name, { backend: 'process', ...spec });
      }
      await saying(cluster.command('control'), 'Worker state changed.*RUNNING|"state":"RUNNING"');
      return cluster;
    } catch (error) {
      await cluster.stop();
      throw error;
    }
  }

  /** Runs `relaunch ARGS`. */
  command(...args: string[]): Started {
    return this.#spawn([script('../../scripts/relaunch.ts'), ...args]);
  }

  /** Runs `relaunch ARGS` to its end. */
  async run(...args: string[]): Promise<{ code: number | string; output: string }> {
    const started = this.command(...args);
    return { code: await started.exited, output: started.output() };
  }

  /** An agent, up and polling. */
  async agent(name: string, queues: string[], maxJobs: number): Promise<Started> {
    const args = queues.flatMap((queue) => ['-q', queue]);
    const started = this.command('agent', '--name', name, ...args, '--max-jobs', String(maxJobs));
    await saying(started, 'agent serves');
    return started;
  }

  /** An agent that kills itself once at a named point. {@link killedAt} then says so. */
  async doomedAgent(name: string, queue: string, point: KillPoint): Promise<Started> {
    const started = this.#spawn([script('./doomed-agent.ts'), name, queue, point, this.home]);
    await saying(started, 'agent serves');
    return started;
  }

  killedAt(agent: string): Promise<string | undefined> {
    return readFile(join(this.home, `killed-${agent}`), 'utf8').catch(() => undefined);
  }

  /** Submits a shell script. It runs in an otherwise empty directory. */
  async shell(queue: string, text: string, more: Partial<LaunchSpecInput> = {}): Promise<Run> {
    const dir = join(this.home, 'code');
    return submit(this.relaunch, {
      queue,
      source: { code: { dir } },
      entrypoint: ['sh', '-c', text],
      user: 'ada',
      ...more,
    });
  }

  async stop(): Promise<void> {
    await this.relaunch.close();
    for (const { child } of this.#started) child.kill('SIGKILL');
    await Promise.all(this.#started.map(({ exited }) => exited));
    await this.#server.stop();
    killJobsOf(this.home);
    await rm(this.home, { recursive: true, force: true });
  }

  #spawn(args: string[]): Started {
    const child = spawn(process.execPath, args, { env: this.env, cwd: this.home, stdio: ['ignore', 'pipe', 'pipe'] });
    let text = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (text += chunk.toString()));
    const exited = once(child, 'close').then(([code, signal]) => (code ?? signal) as number | string);
    const started = { child, output: () => text, exited };
    this.#started.push(started);
    return started;
  }
}

/** Waits until a process has written something. */
export async function saying({ output, child }: Started, pattern: string): Promise<void> {
  await vi.waitFor(
    () => {
      expect(child.exitCode === null ? output() : `exited: ${output()}`).toMatch(new RegExp(pattern));
    },
    { timeout: 30_000, interval: 50 },
  );
}
