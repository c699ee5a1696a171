import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile, rm, writeFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { connect, createQueue, submit, type Relaunch, type Run } from '../../client/index.ts';
import type { LaunchSpecInput } from '../../contracts/launch-spec.ts';
import type { QueueSpecInput } from '../../contracts/queue-spec.ts';
import type { Hooked } from './hooked-worker.ts';
import { killJobsOf } from './process-pids.ts';
import { startTestServer, type TestServer } from './temporal-server.ts';
import { until } from './until.ts';

const script = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** A process of ours, with what it wrote. */
export interface Started {
  child: ChildProcess;
  output(): string;
  /** Resolves with the exit code, or the signal's name. */
  exited: Promise<number | string>;
}

/** What of a hooked worker is not given by its kind. */
type Hook = Pick<Hooked, 'at' | 'do'>;

/** A real Temporal server, store and workers of one test, each in its own process, in a scratch directory. */
export class Cluster {
  readonly relaunch: Relaunch;
  /** RELAUNCH_HOME of everybody who has no host of its own; whatever a test writes is welcome here. */
  readonly home: string;
  readonly env: Record<string, string>;
  readonly #server: TestServer;
  readonly #started: Started[] = [];

  private constructor(relaunch: Relaunch, server: TestServer) {
    this.relaunch = relaunch;
    this.home = server.home;
    this.env = { ...server.env, RELAUNCH_STORE: server.settings.storeUrl };
    this.#server = server;
  }

  /** With control running unless it says otherwise, and these queues (of backend process unless they say otherwise). */
  static async start(
    queues: Record<string, Partial<QueueSpecInput>>,
    { control = true }: { control?: boolean } = {},
  ): Promise<Cluster> {
    const server = await startTestServer();
    await mkdir(join(server.home, 'code'));
    await writeFile(join(server.home, 'code', 'README'), 'a directory of code');
    const cluster = new Cluster(await connect(server.settings), server);
    try {
      for (const [name, spec] of Object.entries(queues)) {
        await createQueue(cluster.relaunch.store, name, { backend: 'process', ...spec });
      }
      if (control) await cluster.control();
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

  /** A control worker, up and polling. */
  control(): Promise<Started> {
    return saying(this.command('control'), 'Worker state changed.*RUNNING|"state":"RUNNING"');
  }

  /** An agent, up and polling. `host`: one with nothing but the store in common with those of other hosts. */
  agent(name: string, queues: string[], maxJobs: number, host?: string): Promise<Started> {
    const args = queues.flatMap((queue) => ['-q', queue]);
    const all = ['agent', '--name', name, ...args, '--max-jobs', String(maxJobs)];
    return saying(this.#spawn([script('../../scripts/relaunch.ts'), ...all], host), 'agent serves');
  }

  /** An agent that dies or waits at a named point, each time. {@link reached} then says so. */
  hookedAgent(name: string, queues: string[], hook: Hook, more: { maxJobs?: number; host?: string } = {}) {
    const hooked: Hooked = { name, queues, maxJobs: more.maxJobs ?? 1, ...hook, marks: this.home };
    return saying(this.#spawn([script('./hooked-worker.ts'), JSON.stringify(hooked)], more.host), 'agent serves');
  }

  /** The same, of a control worker. */
  hookedControl(name: string, hook: Hook): Promise<Started> {
    const hooked: Hooked = { name, maxJobs: 0, ...hook, marks: this.home };
    return saying(this.#spawn([script('./hooked-worker.ts'), JSON.stringify(hooked)]), '"state":"RUNNING"');
  }

  /** How often a hooked worker of this name has come to its point. */
  async reached(name: string): Promise<number> {
    const marks = await readFile(join(this.home, `reached-${name}`), 'utf8').catch(() => '');
    return marks.split('\n').length - 1;
  }

  /** Lets those go on that wait at their point. */
  letGo(name: string): Promise<void> {
    return writeFile(join(this.home, `let-go-${name}`), '');
  }

  /** SIGKILL to the Temporal server. */
  async killServer(): Promise<void> {
    this.#server.server.kill();
    await this.#server.server.ended;
  }

  /** The Temporal server again, at the same place, over the same file. */
  startServer(): Promise<void> {
    return this.#server.restart();
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
    await this.#server.server.stop();
    killJobsOf(this.home);
    await rm(this.home, { recursive: true, force: true });
  }

  #spawn(args: string[], host?: string): Started {
    const env = host === undefined ? this.env : { ...this.env, RELAUNCH_HOME: join(this.home, host) };
    const child = spawn(process.execPath, args, { env, cwd: this.home, stdio: ['ignore', 'pipe', 'pipe'] });
    let text = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (text += chunk.toString()));
    const exited = once(child, 'close').then(([code, signal]) => (code ?? signal) as number | string);
    const started = { child, output: () => text, exited };
    this.#started.push(started);
    return started;
  }
}

/** Waits until a process has written something. */
export async function saying(started: Started, pattern: string): Promise<Started> {
  const { output, child } = started;
  await until(`output that matches ${pattern}`, () => {
    const text = output();
    if (new RegExp(pattern).test(text)) return true;
    throw new Error(child.exitCode === null ? text : `it exited: ${text}`);
  });
  return started;
}
