import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import type { Relaunch } from '../../client/index.ts';
import { isGone, ownEnvironment, untilUp } from './own-process.ts';

const startPatienceMs = 60_000;
/** What says that it is up. */
const served = '"msg":"agent serves"';

/** A `relaunch agent` of this machine, of a file, up and serving. `env`: over ours. */
export async function startAgentProcess(
  { settings: { home, entity, temporal, storeUrl } }: Relaunch,
  spec: { name: string; [key: string]: unknown },
  signal: AbortSignal,
  env: Readonly<Record<string, string>> = {},
): Promise<{ stop(): Promise<void> }> {
  const [file, log] = [join(home, `${spec.name}.yaml`), join(home, `${spec.name}.log`)];
  await writeFile(file, stringify(spec));
  const output = openSync(log, 'w');
  const command = fileURLToPath(new URL('../relaunch.ts', import.meta.url));
  const own = { RELAUNCH_HOME: home, RELAUNCH_STORE: storeUrl, TEMPORAL_ADDRESS: temporal.address };
  const child = spawn(process.execPath, [command, 'agent', '-c', file, '--entity', entity], {
    stdio: ['ignore', output, output],
    env: { ...ownEnvironment(process.env), ...own, ...env },
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
