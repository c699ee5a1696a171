import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile, rm, writeFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { KillPoint } from '../../activities/dependencies.ts';
import { connect, createQueue, submit, type Relaunch, type Run, type SubmitOptions } from '../../client/index.ts';
import type { LaunchSpecInput } from '../../contracts/launch-spec.ts';
import type { QueueSpecInput } from '../../contracts/queue-spec.ts';
import { atMost } from '../../activities/at-most.ts';
import type { Hooked } from './hooked-worker.ts';
import { killJobsOf } from './process-pids.ts';
import { startTestServer, type TestServer } from './temporal-server.ts';
import { until } from './until.ts';
import { bundlePath } from './workflow-bundle.ts';

const script = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

const controlIsUp = 'Worker state changed.*RUNNING|"state":"RUNNING"';

/** A control worker takes seconds of computing to start, on a machine that may be busy with other tests. */
const startPatienceMs = 90_000;

/** All at once they only slow each other down, until the last is up after everybody's patience. */
const starting = atMost(4);

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
    this.env = { ...server.env, RELAUNCH_STORE: relaunch.settings.storeUrl };
    this.#server = server;
  }

  /** With control running unless it says otherwise, and these queues (of backend process unless they say otherwise). `storeUrl`: default a directory. */
  static async start(
    queues: Record<string, Partial<QueueSpecInput>>,
    { control = true, storeUrl }: { control?: boolean; storeUrl?: string } = {},
  ): Promise<Cluster> {
    const server = await startTestServer();
    await mkdir(join(server.home, 'code'));
    await writeFile(join(server.home, 'code', 'README'), 'a directory of code');
    const settings = { ...server.settings, ...(storeUrl === undefined ? {} : { storeUrl }) };
    const cluster = new Cluster(await connect(settings), server);
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

  /** Of the Temporal server that runs, or ran last. */
  get serverPid(): number {
    return this.#server.server.pid;
  }

  /** Runs `relaunch ARGS`. */
  command(...args: string[]): Started {
    return this.#spawn([script('../../scripts/relaunch.ts'), ...args]);
  }

  /** Runs any program of this repository, by its absolute path. */
  program(path: string, ...args: string[]): Started {
    return this.#spawn([path, ...args]);
  }

  /** Runs `relaunch ARGS` to its end. */
  async run(...args: string[]): Promise<{ code: number | string; output: string }> {
    const started = this.command(...args);
    return { code: await started.exited, output: started.output() };
  }

  /** A control worker, up and polling: `relaunch control`, but for the bundling where the setup of the tests has done that. */
  control(): Promise<Started> {
    const bundle = bundlePath();
    if (bundle === undefined) return this.controlCommand();
    return starting(() => saying(this.program(script('./control-worker.ts'), bundle), controlIsUp));
  }

  /** `relaunch control`, which bundles the workflow code for itself, up and polling. */
  controlCommand(): Promise<Started> {
    return starting(() => saying(this.command('control'), controlIsUp));
  }

  /** An agent, up and polling. `host`: one with nothing but the store in common with those of other hosts. */
  agent(name: string, queues: string[], maxJobs: number, host?: string): Promise<Started> {
    const args = queues.flatMap((queue) => ['-q', queue]);
    const all = ['agent', '--name', name, ...args, '--max-jobs', String(maxJobs)];
    return starting(() => saying(this.#spawn([script('../../scripts/relaunch.ts'), ...all], host), 'agent serves'));
  }

  /** An agent of a file, up and polling. `env`: over everybody's. `machine`: the name that its machine has for it; only root can do that. */
  agentOf(file: string, env: Readonly<Record<string, string>> = {}, machine?: string): Promise<Started> {
    const args = [script('../../scripts/relaunch.ts'), 'agent', '-c', file];
    return starting(() => saying(this.#spawn(args, undefined, env, machine), 'agent serves'));
  }

  /** An agent that dies or waits at a named point, each time. {@link reached} then says so. */
  hookedAgent(
    name: string,
    queues: string[],
    hook: Hook,
    more: { maxJobs?: number; host?: string; file?: string } = {},
  ) {
    const { maxJobs = 1, file } = more;
    const hooked: Hooked = {
      name,
      queues,
      maxJobs,
      ...(file === undefined ? {} : { file }),
      ...hook,
      marks: this.home,
    };
    const args = [script('./hooked-worker.ts'), JSON.stringify(hooked)];
    return starting(() => saying(this.#spawn(args, more.host), 'agent serves'));
  }

  /** The same, of a control worker. */
  hookedControl(name: string, hook: Hook): Promise<Started> {
    const hooked: Hooked = { name, maxJobs: 0, ...hook, marks: this.home, bundle: bundlePath() };
    const args = [script('./hooked-worker.ts'), JSON.stringify(hooked)];
    return starting(() => saying(this.#spawn(args), controlIsUp));
  }

  /** How often hooked workers of this name have come to their points, or to one of them. */
  async reached(name: string, point?: KillPoint): Promise<number> {
    const marks = await readFile(join(this.home, `reached-${name}`), 'utf8').catch(() => '');
    return marks.split('\n').filter((mark) => (point === undefined ? mark !== '' : mark === point)).length;
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
  async shell(
    queue: string,
    text: string,
    more: Partial<LaunchSpecInput> = {},
    options: SubmitOptions = {},
  ): Promise<Run> {
    const source = { code: { dir: join(this.home, 'code') } };
    const spec = { queue, source, entrypoint: ['sh', '-c', text], user: 'ada', ...more };
    return submit(this.relaunch, spec, options);
  }

  async stop(): Promise<void> {
    await this.relaunch.close();
    for (const { child } of this.#started) child.kill('SIGKILL');
    await Promise.all(this.#started.map(({ exited }) => exited));
    await this.#server.server.stop();
    killJobsOf(this.home);
    await rm(this.home, { recursive: true, force: true });
  }

  #spawn(args: string[], host?: string, more: Readonly<Record<string, string>> = {}, machine?: string): Started {
    const home = host === undefined ? {} : { RELAUNCH_HOME: join(this.home, host) };
    const env = { ...this.env, ...home, ...more };
    const named = machine === undefined ? [] : ['unshare', '--uts', 'sh', '-c', 'hostname "$0" && exec "$@"', machine];
    const [program = '', ...words] = [...named, process.execPath, ...args];
    const child = spawn(program, words, { env, cwd: this.home, stdio: ['ignore', 'pipe', 'pipe'] });
    let text = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (text += chunk.toString()));
    const exited = once(child, 'close').then(([code, signal]) => (code ?? signal) as number | string);
    const started = { child, output: () => text, exited };
    this.#started.push(started);
    return started;
  }
}

/** Waits until a process has written something. @throws an Error with its output when it ends without; one that is late is killed, as nobody else would do it */
export async function saying(started: Started, pattern: string): Promise<Started> {
  const { child, output, exited } = started;
  const said = (): boolean => new RegExp(pattern).test(output());
  let over = false;
  void exited.then(() => (over = true));
  try {
    const ready = (): boolean => {
      if (said() || over) return true;
      throw new Error(output());
    };
    await until(`output that matches ${pattern}`, ready, startPatienceMs);
  } catch (error) {
    child.kill('SIGKILL');
    throw error;
  }
  if (!said()) throw new Error(`it ended without output that matches ${pattern}: ${output()}`);
  return started;
}
