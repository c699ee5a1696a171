#!/usr/bin/env node
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { connect, type Relaunch } from '../client/index.ts';
import { pageOf, type Screen } from './cli.ts';
import { complaintOf } from './complaint.ts';
import { dockerQueue, startDockerAgent } from './quickstart/docker-agent.ts';
import { startDev, type DevProcess } from './quickstart/dev-process.ts';
import { Progress } from './quickstart/progress.ts';
import { sweepDigits, sweepMaxJobs } from './quickstart/sweep.ts';
import { submitDigits, watch, type Watcher } from './quickstart/train.ts';
import { problemsOf } from './quickstart/verdict.ts';
import { downDocker } from './testbed/docker/down.ts';
import { isDockerUp, upDocker } from './testbed/docker/up.ts';
import { onStopSignals } from './until-signal.ts';

/** The epoch after which the one run is preempted. */
const preemptAfter = 5;

/** Nothing here takes so long, on any machine. */
const longestMs = 300_000;

const screen: Screen = {
  tty: process.stdout.isTTY,
  line: (text = '') => void process.stdout.write(`${text}\n`),
  raw: (text) => void process.stdout.write(text),
};
const silent: Watcher = { epoch: () => undefined, say: () => undefined };

/** Trains examples/digits twice, preempts one of them, and compares. Answers whether all is as it should be. */
async function train(
  relaunch: Relaunch,
  progress: Progress,
  signal: AbortSignal,
  user: string,
  queue = 'laptop',
): Promise<boolean> {
  const startedAt = performance.now();
  const reference = await submitDigits(relaunch, { name: 'digits-uninterrupted', queue, epochSleepS: 0, user });
  const run = await submitDigits(relaunch, { name: 'digits', queue, epochSleepS: 0.25, user });
  progress.say(`launched ${run.id}, and ${reference.id} to compare it with`);
  const [uninterrupted, preempted] = await Promise.all([
    watch(relaunch, reference, undefined, silent, signal),
    watch(relaunch, run, preemptAfter, progress, signal),
  ]);
  const problems = problemsOf(preempted, uninterrupted);
  for (const problem of problems) progress.say(`wrong: ${problem}`);
  if (problems.length > 0) return false;
  const last = preempted.epochs.at(-1);
  const before = preempted.epochs.filter(({ attempt }) => attempt === 1).length;
  progress.say(`\naccuracy  ${String(last?.accuracy)}`);
  progress.say(`attempts  2: preempted after ${String(before)} epochs, went on with epoch ${String(before + 1)}`);
  progress.say(`loss      ${String(last?.loss)}, digit for digit that of the uninterrupted run`);
  progress.say(`page      ${pageOf(relaunch.settings, run.workflowId) ?? ''}`);
  progress.say(`took      ${((performance.now() - startedAt) / 1_000).toFixed(1)} s`);
  return true;
}

/** The same in containers, of an image that is built of the code. */
async function trainInContainers(
  relaunch: Relaunch,
  progress: Progress,
  signal: AbortSignal,
  user: string,
): Promise<boolean> {
  const wasUp = await isDockerUp();
  const say = (what: string): void => {
    progress.say(`docker: ${what}`);
  };
  try {
    const agent = await startDockerAgent(relaunch, await upDocker({ say }), signal);
    try {
      return await train(relaunch, progress, signal, user, dockerQueue);
    } finally {
      await agent.stop();
    }
  } finally {
    if (!wasUp) await downDocker({ say });
  }
}

interface Wishes {
  keep: boolean;
  sweep: boolean;
  docker: boolean;
}

async function quickstart({ keep, sweep, docker }: Wishes): Promise<boolean> {
  const home = await mkdtemp(join(tmpdir(), 'relaunch-quickstart-'));
  const progress = new Progress(screen);
  const stop = new AbortController();
  const unlisten = onStopSignals((times) => {
    if (times > 1) process.exit(130);
    stop.abort(new Error('interrupted'));
  });
  let dev: DevProcess | undefined;
  let good = false;
  try {
    progress.say('starting relaunch dev: a Temporal server, a control worker, an agent');
    const maxJobs = sweep ? sweepMaxJobs : undefined;
    dev = await startDev({ home, env: process.env, keep, maxJobs, signal: stop.signal });
    const relaunch = await connect(dev.settings);
    try {
      const signal = AbortSignal.any([stop.signal, AbortSignal.timeout(longestMs)]);
      const play = sweep ? sweepDigits : docker ? trainInContainers : train;
      good = await play(relaunch, progress, signal, userInfo().username);
    } finally {
      await relaunch.close();
    }
  } finally {
    if (keep && dev !== undefined && !stop.signal.aborted) {
      screen.line(
        `\nIt goes on in ${home}. Use it with: export RELAUNCH_HOME=${home}\nStop it with: kill -INT ${String(dev.pid)}`,
      );
    } else {
      await dev?.stop();
      await rm(home, { recursive: true, force: true });
    }
    unlisten();
  }
  return good;
}

try {
  const flag = { type: 'boolean', default: false } as const;
  const { values } = parseArgs({ options: { keep: flag, sweep: flag, docker: flag } });
  process.exitCode = (await quickstart(values)) ? 0 : 1;
} catch (error) {
  const { lines, code } = complaintOf(error, Boolean(process.env['RELAUNCH_DEBUG']));
  for (const line of lines) process.stderr.write(`${line}\n`);
  process.exitCode = code;
}
