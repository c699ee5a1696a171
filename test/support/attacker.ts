import type { Client, WorkflowHandle } from '@temporalio/client';
import { bundleWorkflowCode, NativeConnection, Worker, type WorkflowBundle } from '@temporalio/worker';
import { fileURLToPath } from 'node:url';
import type { Settings } from '../../client/index.ts';
import { createLogger, installRuntime } from '../../workers/logger.ts';
import { answersQuery, callSignal, leaveSignal, type Answer, type attack, type Call } from './attack-workflow.ts';
import { until } from './until.ts';

const taskQueue = 'attackers-own';

/** A hand-made workflow under way. */
export class Attack {
  readonly handle: WorkflowHandle;
  #count = 0;

  constructor(handle: WorkflowHandle) {
    this.handle = handle;
  }

  /** Schedules an activity. Answers under which name {@link ended} knows it. */
  async begin(activity: string, on: string, args: unknown[], more: Partial<Call> = {}): Promise<string> {
    const name = `${String(++this.#count)} ${activity}`;
    await this.handle.signal(callSignal, name, { activity, taskQueue: on, args, ...more });
    return name;
  }

  ended(name: string, timeoutMs = 30_000): Promise<Answer> {
    return until(`an answer to ${name}`, async () => (await this.handle.query(answersQuery))[name], timeoutMs);
  }

  /** Schedules an activity and waits for its end. */
  async call(activity: string, on: string, args: unknown[], more: Partial<Call> = {}): Promise<Answer> {
    return this.ended(await this.begin(activity, on, args, more));
  }

  async leave(): Promise<void> {
    await this.handle.signal(leaveSignal);
    await this.handle.result();
  }
}

/** Somebody with a worker of their own on the same server. */
export class Attacker {
  readonly #client: Client;
  readonly #stop: () => Promise<void>;

  private constructor(client: Client, stop: () => Promise<void>) {
    this.#client = client;
    this.#stop = stop;
  }

  static async start(client: Client, { temporal, entity }: Settings): Promise<Attacker> {
    const logger = createLogger('error');
    installRuntime(logger);
    const workflowBundle: WorkflowBundle = await bundleWorkflowCode({
      workflowsPath: fileURLToPath(new URL('./attack-workflow.ts', import.meta.url)),
      logger,
    });
    const connection = await NativeConnection.connect({ address: temporal.address });
    const worker = await Worker.create({ connection, namespace: entity, taskQueue, workflowBundle });
    const run = worker.run();
    return new Attacker(client, async () => {
      worker.shutdown();
      await run;
      await connection.close();
    });
  }

  async attack(workflowId: string): Promise<Attack> {
    return new Attack(await this.#client.workflow.start<typeof attack>('attack', { workflowId, taskQueue }));
  }

  stop(): Promise<void> {
    return this.#stop();
  }
}
