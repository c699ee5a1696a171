import { createHash, randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { chmod, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { stringify } from 'yaml';
import { label } from '../../activities/backends/labels.ts';
import { createQueue, result } from '../../client/index.ts';
import type { Started } from '../support/cluster.ts';
import { ImageScene } from '../support/image-scene.ts';
import { linesOf } from '../support/run-watch.ts';
import { remembered } from '../support/remembered.ts';
import { until } from '../support/until.ts';

vi.setConfig({ testTimeout: 180_000 });

/** No piece of it stands anywhere else. */
const canary = (): string => randomBytes(30).toString('base64url').replaceAll('-', '/');

const [inFile, rotated, inVariable] = [canary(), canary(), canary()];

/** Prints what it was given in many ways, waits for a word, and prints it again: first as a failure, then well. */
const job = `
S=$(cat "$TOKEN_FILE")
echo "$S" | sha256sum > "$SIGNALS/saw-$RELAUNCH_RUN_ID-$RELAUNCH_ATTEMPT"
echo "whole $S and $KEY"
printf 'pieces %s' "\${S%????????????????????}"; sleep 0.2; printf '%s\\n' "\${S#????????????????????}"
printf %s "$S" | base64
printf 'user:%s' "$KEY" | base64
echo "ready $RELAUNCH_ATTEMPT"
while [ ! -e "$SIGNALS/go" ]; do sleep 0.1; done
echo "later $S, $KEY"
echo "no way with $S or $KEY" >&2
[ "$RELAUNCH_ATTEMPT" -gt 1 ]
`;

let scene: ImageScene;
let signals: string;
let secrets: string;

beforeAll(async () => {
  scene = await ImageScene.start(() => ({}));
  const { cluster, testbed } = scene;
  [signals, secrets] = [join(cluster.home, 'signals'), join(cluster.home, 'secrets')];
  for (const directory of [signals, secrets]) await mkdir(directory);
  await chmod(signals, 0o777);
  await writeFile(join(secrets, 'token'), `${inFile}\n`, { mode: 0o600 });
  const given = { env: { KEY: { secret: 'THE_KEY', as: 'env' as const } }, secrets: ['token'], gracePeriod: '2s' };
  const queues = {
    processes: { backend: 'process', resourceArgs: { process: { env: { SIGNALS: signals } } } },
    containers: {
      backend: 'docker',
      resourceArgs: {
        docker: { volume: [`${signals}:/signals`], env: { SIGNALS: '/signals' }, user: '1000', 'read-only': true },
      },
    },
  };
  for (const [name, spec] of Object.entries(queues))
    await createQueue(cluster.relaunch.store, name, { ...spec, ...given });
  const agent = {
    ...{ name: 'keeper', queues: Object.keys(queues), maxJobs: 8, docker: { host: testbed.dockerHost } },
    secrets: { directory: 'secrets', environment: ['THE_KEY'] },
  };
  await writeFile(join(cluster.home, 'keeper.yaml'), stringify(agent));
}, 300_000);

afterAll(() => scene.stop());

const startAgent = (): Promise<Started> =>
  scene.cluster.agentOf(join(scene.cluster.home, 'keeper.yaml'), { THE_KEY: inVariable });

/** All that has words of a secret, as a text of its own: eight letters are nobody's. */
function tracesIn(text: string): string[] {
  const written = [inFile, rotated, inVariable].flatMap((each) => [
    each,
    ...['', 'a', 'ab'].map((before) => Buffer.from(`${before}${each}`).toString('base64').slice(4, -4)),
  ]);
  const pieces = written.flatMap((each) => Array.from({ length: each.length - 9 }, (_, i) => each.slice(i, i + 10)));
  return pieces.filter((piece) => text.includes(piece));
}

/** Every file below, as text, but for what somebody was to put there. */
async function filesBelow(directory: string): Promise<Map<string, string>> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
  const others = files.filter((path) => !path.startsWith(secrets));
  return new Map(await Promise.all(others.map(async (path) => [path, await readFile(path, 'latin1')] as const)));
}

function commandLines(): string {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  const read = (pid: string): string => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'latin1');
    } catch {
      return '';
    }
  };
  return pids.map(read).join('\n');
}

test('what a job is given as a secret is nowhere but with the job, whatever it prints, and whoever is killed', async () => {
  const { cluster, docker, testbed } = scene;
  const said: string[] = [];
  const relaunch = async (...args: string[]): Promise<string> => {
    const { code, output } = await cluster.run(...args);
    expect(code, output).toBe(0);
    said.push(output);
    return output;
  };
  const first = await startAgent();
  const common = ['--secret', 'TOKEN=token', '--retries', '1', '--json'];
  const launched = await Promise.all([
    relaunch('launch', '-q', 'processes', '--code', 'code', ...common, '--', 'sh', '-c', job),
    relaunch('launch', '-q', 'containers', '-d', testbed.images.busybox, ...common, '--', 'sh', '-c', job),
  ]);
  const runs = launched.map((output) => (JSON.parse(output) as { workflowId: string }).workflowId);
  const untilReady = (attempt: number): Promise<unknown> =>
    Promise.all(
      runs.map((run) =>
        until(`${run} is ready`, async () => (await linesOf(cluster, run)).includes(`ready ${String(attempt)}`)),
      ),
    );
  await untilReady(1);
  const whileRunning = {
    'command lines': commandLines(),
    // The other one was asked for as a variable.
    'the container': JSON.stringify(await docker.getContainer(`${String(runs[1])}-a1`).inspect()).replaceAll(
      inVariable,
      '',
    ),
  };

  first.child.kill('SIGKILL');
  await first.exited;
  await writeFile(join(secrets, 'token'), `${rotated}\n`);
  const second = await startAgent();
  await writeFile(join(signals, 'go'), '');
  for (const run of runs) {
    const end = await result(cluster.relaunch, run);
    expect(end).toMatchObject({ state: 'succeeded' });
    expect(end.attempts[0]?.outcome).toMatchObject({ kind: 'failed', message: 'no way with **** or ****' });
    const own: unknown[] = [
      'whole **** and ****',
      expect.stringMatching(/^pieces \*{4}$/),
      '****',
      expect.stringMatching(/^.{5,8}\*{4}.{0,3}$/),
    ];
    expect(await linesOf(cluster, run)).toEqual(
      [1, 2].flatMap((attempt) => [...own, `ready ${String(attempt)}`, 'later ****, ****']),
    );
    for (const [attempt, value] of [inFile, rotated].entries())
      expect(await readFile(join(signals, `saw-${run}-${String(attempt + 1)}`), 'utf8')).toContain(
        createHash('sha256').update(`${value}\n`).digest('hex'),
      );
  }
  await Promise.all(runs.flatMap((run) => [relaunch('show', run), relaunch('logs', run)]));

  const seen: Record<string, string> = {
    ...whileRunning,
    'log of the first agent': first.output(),
    'log of the second agent': second.output(),
    'output of commands': said.join('\n'),
    histories: (await Promise.all(runs.map((run) => remembered(cluster.relaunch, run)))).join('\n'),
  };
  for (const [where, text] of Object.entries(seen)) {
    expect(text.length, where).toBeGreaterThan(500);
    expect(tracesIn(text), where).toEqual([]);
  }
  const ofRun = { filters: { label: [`${label.run}=${String(runs[1])}`] } };
  await until(
    'the containers are gone',
    async () => (await docker.listContainers({ all: true, ...ofRun })).length === 0,
  );
  expect((await docker.listVolumes(ofRun)).Volumes.map(({ Name }) => Name)).toEqual([
    expect.stringContaining('checkpoints'),
  ]);
  const files = await filesBelow(cluster.home);
  expect([...files.keys()].some((path) => path.includes(`store/`))).toBe(true);
  for (const [path, text] of files) expect(tracesIn(text), path).toEqual([]);
});
