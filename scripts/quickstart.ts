#!/usr/bin/env node
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { connect } from '../client/index.ts';
import type { Screen } from './cli.ts';
import { complaintOf } from './complaint.ts';
import { dockerQueue, startDockerAgent } from './quickstart/docker-agent.ts';
import { startDev, type DevProcess } from './quickstart/dev-process.ts';
import { missionOnKubernetes, type Mission } from './quickstart/kubernetes.ts';
import { Progress } from './quickstart/progress.ts';
import { sweepDigits, sweepMaxJobs } from './quickstart/sweep.ts';
import { TakeDown } from './quickstart/take-down.ts';
import { trainTwice, type Play } from './quickstart/train-twice.ts';
import { downDocker } from './testbed/docker/down.ts';
import { isDockerUp, upDocker } from './testbed/docker/up.ts';
import { onStopSignals } from './until-signal.ts';

/** Nothing here takes so long, on any machine. */
const longestMs = 300_000;

const screen: Screen = {
  tty: process.stdout.isTTY,
  line: (text = '') => void process.stdout.write(`${text}\n`),
  raw: (text) => void process.stdout.write(text),
};

/** On this machine, as processes. */
const train = (play: Play, user: string): Promise<boolean> => trainTwice(play, { queue: 'laptop', user });

/** The same in containers, of an image that is built of the code. */
async function trainInContainers(play: Play, user: string): Promise<boolean> {
  const { relaunch, progress, signal } = play;
  const wasUp = await isDockerUp();
  const say = (what: string): void => {
    progress.say(`docker: ${what}`);
  };
  try {
    const agent = await startDockerAgent(relaunch, await upDocker({ say }), signal);
    try {
      return await trainTwice(play, { queue: dockerQueue, user });
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
  kubernetes: boolean;
}

async function quickstart(wishes: Wishes): Promise<boolean> {
  const home = await mkdtemp(join(tmpdir(), 'relaunch-quickstart-'));
  const progress = new Progress(screen);
  const stop = new AbortController();
  const unlisten = onStopSignals((times) => {
    if (times > 1) process.exit(130);
    stop.abort(new Error('interrupted'));
  });
  try {
    const stage = { home, progress, signal: stop.signal };
    return await (wishes.kubernetes ? onKubernetes(stage, wishes) : onDev(stage, wishes));
  } finally {
    unlisten();
  }
}

type Stage = Pick<Mission, 'home' | 'progress' | 'signal'>;

async function onKubernetes(stage: Stage, { keep }: Wishes): Promise<boolean> {
  const takeDown = new TakeDown();
  try {
    return await missionOnKubernetes({ ...stage, keep, takeDown, user: userInfo().username });
  } finally {
    stage.progress.say('taking down what was brought up');
    await takeDown.now();
    await rm(stage.home, { recursive: true, force: true });
  }
}

async function onDev({ home, progress, signal: stop }: Stage, { keep, sweep, docker }: Wishes): Promise<boolean> {
  let dev: DevProcess | undefined;
  let good = false;
  try {
    progress.say('starting relaunch dev: a Temporal server, a control worker, an agent');
    const maxJobs = sweep ? sweepMaxJobs : undefined;
    dev = await startDev({ home, env: process.env, keep, maxJobs, signal: stop });
    const relaunch = await connect(dev.settings);
    try {
      const signal = AbortSignal.any([stop, AbortSignal.timeout(longestMs)]);
      const play = sweep ? sweepDigits : docker ? trainInContainers : train;
      good = await play({ relaunch, progress, signal }, userInfo().username);
    } finally {
      await relaunch.close();
    }
  } finally {
    if (keep && dev !== undefined && !stop.aborted) {
      screen.line(
        `\nIt goes on in ${home}. Use it with: export RELAUNCH_HOME=${home}\nStop it with: kill -INT ${String(dev.pid)}`,
      );
    } else {
      await dev?.stop();
      await rm(home, { recursive: true, force: true });
    }
  }
  return good;
}

try {
  const flag = { type: 'boolean', default: false } as const;
  const { values } = parseArgs({ options: { keep: flag, sweep: flag, docker: flag, kubernetes: flag } });
  process.exitCode = (await quickstart(values)) ? 0 : 1;
} catch (error) {
  const { lines, code } = complaintOf(error, Boolean(process.env['RELAUNCH_DEBUG']));
  for (const line of lines) process.stderr.write(`${line}\n`);
  process.exitCode = code;
}
