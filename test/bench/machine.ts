import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import os from 'node:os';
import { promisify } from 'node:util';
import { temporalCli } from '../../scripts/temporal-binaries.ts';

/** What figures are worth nothing without. */
export interface Machine {
  cpu: string;
  cores: number;
  memoryGib: number;
  os: string;
  node: string;
  temporalSdk: string;
  temporalServer: string;
  /** Of the last minute, before anything was measured: whatever is above nothing is somebody else's. */
  loadAtStart: number;
}

export async function describeMachine(): Promise<Machine> {
  const sdk = createRequire(import.meta.url)('@temporalio/worker/package.json') as { version: string };
  const { stdout } = await promisify(execFile)(await temporalCli(), ['--version']);
  const release = await readFile('/etc/os-release', 'utf8').catch(() => '');
  const name = /^PRETTY_NAME="?([^"\n]*)/m.exec(release)?.[1] ?? os.type();
  return {
    cpu: os.cpus()[0]?.model ?? 'unknown',
    cores: os.availableParallelism(),
    memoryGib: Math.round(os.totalmem() / 2 ** 30),
    os: `${name}, ${os.type()} ${os.release()}`,
    node: process.version,
    temporalSdk: sdk.version,
    temporalServer: stdout.trim().replace(/^temporal version /, ''),
    loadAtStart: os.loadavg()[0] ?? NaN,
  };
}
