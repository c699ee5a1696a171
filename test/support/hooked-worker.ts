/** An agent or control worker that dies, or waits, when it comes to a named point: `node hooked-worker.ts '<Hooked as JSON>'`. */
import { appendFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { cancellationSignal } from '@temporalio/activity';
import type { BackendKillPoint } from '../../activities/backends/registry.ts';
import type { KillPoint } from '../../activities/dependencies.ts';
import { readSettings } from '../../client/index.ts';
import { baseEnvOf } from '../../scripts/base-env.ts';
import { secretsOf } from '../../scripts/agent-secrets.ts';
import { readAgentFile } from '../../scripts/read-agent-file.ts';
import { onStopSignals } from '../../scripts/until-signal.ts';
import { startAgent } from '../../workers/agent.ts';
import { startControl } from '../../workers/control.ts';
import { createLogger, installRuntime } from '../../workers/logger.ts';

export interface Hooked {
  /** Of the agent, and of the files that tell what happened. */
  name: string;
  /** What an agent serves; undefined: a control worker. */
  queues?: string[];
  maxJobs: number;
  /** An agent's file, for what it says besides. */
  file?: string;
  at: KillPoint | BackendKillPoint;
  /** `kill`: SIGKILL, each time. `hold`: waits until the file `let-go-<name>` is there. `linger`: the same, or until its activity is cancelled. */
  do: 'kill' | 'hold' | 'linger';
  /** Of the workflow code, for a control worker. */
  bundle?: string | undefined;
  /** Where `reached-<name>` is written, a line each time. */
  marks: string;
}

const hooked = JSON.parse(process.argv[2] ?? '') as Hooked;
const { temporal, entity: namespace, home, storeUrl } = readSettings(process.env);
const logger = createLogger();
installRuntime(logger);

async function reached(point: KillPoint | BackendKillPoint): Promise<void> {
  if (point !== hooked.at) return;
  appendFileSync(join(hooked.marks, `reached-${hooked.name}`), `${point}\n`);
  if (hooked.do === 'kill') process.kill(process.pid, 'SIGKILL');
  while (!existsSync(join(hooked.marks, `let-go-${hooked.name}`))) {
    if (hooked.do === 'linger' && cancellationSignal().aborted) return;
    await sleep(50);
  }
}

const { name, queues, maxJobs, file } = hooked;
const { docker, kubernetes, builder, registries, git, secrets } = file === undefined ? {} : readAgentFile(file, '/');
const worker =
  queues === undefined
    ? await startControl({ temporal, namespace, logger, bundlePath: hooked.bundle, reached })
    : await startAgent({
        temporal,
        namespace,
        name,
        queues,
        maxJobs,
        home,
        storeUrl,
        baseEnv: baseEnvOf(process.env),
        docker: { host: docker?.host, configDirectory: process.env['DOCKER_CONFIG'] },
        kubernetes,
        builder,
        registries,
        git: { hosts: git ?? {}, env: process.env },
        secrets: secretsOf(secrets, process.env),
        logger,
        reached,
      });
onStopSignals(() => {
  worker.stop();
});
await worker.stopped;
process.exit();
