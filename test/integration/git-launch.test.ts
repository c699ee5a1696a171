import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { logs, result, show, submit, submitSweep, sweepResult, trials } from '../../client/index.ts';
import { launchWorkflowType } from '../../contracts/messages.ts';
import { controlTaskQueue } from '../../contracts/task-queues.ts';
import { Cluster, type Started } from '../support/cluster.ts';
import { gitServer, type GitServer } from '../../scripts/testbed/git/server.ts';
import type { ServedRepository } from '../../scripts/testbed/git/repository.ts';
import { remembered } from '../support/remembered.ts';
import { until } from '../support/until.ts';

let cluster: Cluster;
let server: GitServer;
let digits: ServedRepository;
let agent: Started;

beforeAll(async () => {
  cluster = await Cluster.start({ laptop: { gracePeriod: '2s', requeue: { on: ['exit:75'] } } });
  const directory = join(cluster.home, 'git');
  await mkdir(directory);
  server = await gitServer(directory);
  digits = await server.create('/private/digits.git');
  await writeFile(join(directory, 'token'), server.token);
  const { host, username, certificate } = server;
  const file = join(directory, 'agent.yaml');
  const hosts = { [host]: { username, token: { file: 'token' }, caBundle: certificate } };
  await writeFile(file, stringify({ name: 'one', queues: ['laptop'], maxJobs: 4, git: hosts }));
  agent = await cluster.agentOf(file);
  // What the user's own git trusts.
  cluster.env['GIT_SSL_CAINFO'] = certificate;
}, 120_000);

afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await cluster.stop();
});

async function lines(workflowId: string): Promise<string[]> {
  const all: string[] = [];
  for await (const { line } of logs(cluster.relaunch, workflowId)) all.push(line.m);
  return all;
}

/** Every byte that the store has of runs and sweeps, as text. */
async function stored(): Promise<string> {
  const { store } = cluster.relaunch;
  const keys = (await Promise.all(['runs/', 'sweeps/', 'git/'].map((prefix) => store.list(prefix)))).flat();
  const objects = await Promise.all(keys.map((key) => store.get(key)));
  return objects.map((object) => Buffer.from(object?.bytes ?? []).toString()).join('\n');
}

test('a launch from a private repository runs the commit that its branch was, also after a preemption', async () => {
  const commit = await digits.commit({
    'train.sh': 'cat version; [ "$RELAUNCH_RESUMED" = 1 ] || exit 75',
    version: 'old',
  });
  const url = server.url('/private/digits.git');
  const { code, output } = await cluster.run('launch', '-q', 'laptop', '-u', url, '-E', 'sh train.sh', '--json');
  expect(code, output).toBe(0);
  const { workflowId } = JSON.parse(output) as { workflowId: string };
  await until('its commit is pinned', async () => (await show(cluster.relaunch, workflowId)).git);
  await digits.commit({ 'train.sh': 'cat version', version: 'new' });
  expect(await result(cluster.relaunch, workflowId)).toMatchObject({ state: 'succeeded', requeues: 1 });
  expect(await lines(workflowId)).toEqual(['old', 'old']);
  expect((await show(cluster.relaunch, workflowId)).git).toEqual({ url, ref: 'main', commit });
  expect((await cluster.run('show', workflowId)).output).toMatch(new RegExp(`git +${url} main ${commit}`));
  // Whatever is kept or said of it has no secret.
  const kept = [await stored(), await remembered(cluster.relaunch, workflowId), agent.output(), output].join('\n');
  expect(kept).toContain(commit);
  for (const secret of [server.token, Buffer.from(`${server.username}:${server.token}`).toString('base64')])
    expect(kept).not.toContain(secret);
});

test('a job of a repository runs the commit and the version that its alias had at the launch, also after a preemption', async () => {
  const url = server.url('/open/greeter.git');
  const greeter = await server.create('/open/greeter.git');
  const train = { 'train.sh': 'echo $RELAUNCH_CONFIG; cat version; [ "$RELAUNCH_RESUMED" = 1 ] || exit 75' };
  const create = async (version: string, ...options: string[]): Promise<string> => {
    const commit = await greeter.commit({ ...train, version });
    const named = ['-p', 'team', '-n', 'greeter', '-a', 'prod', '-E', 'sh train.sh', '--json'];
    const { code, output } = await cluster.run('job', 'create', 'git', url, ...named, ...options);
    expect(code, output).toBe(0);
    return commit;
  };
  const commit = await create('old', '--set', 'lr=1');
  const { code, output } = await cluster.run('launch', '-q', 'laptop', '-j', 'team/greeter:prod', '--json');
  expect(code, output).toBe(0);
  const { workflowId } = JSON.parse(output) as { workflowId: string };
  await until('it is pinned', async () => (await show(cluster.relaunch, workflowId)).git);
  await create('new', '--set', 'lr=2');
  const handle = cluster.relaunch.temporal.workflow.getHandle(workflowId);
  const page = async () => {
    const { currentDetails } = await handle.query<{ currentDetails: string }>('__temporal_workflow_metadata');
    return currentDetails;
  };
  await until('its page has the commit', async () => (await page()).includes(`git ${url} main ${commit}`));
  const end = await result(cluster.relaunch, workflowId);
  expect(end).toMatchObject({ state: 'succeeded', requeues: 1, job: 'team/greeter:v0' });
  expect(await lines(workflowId)).toEqual(['{"lr":1}', 'old', '{"lr":1}', 'old']);
  expect((await show(cluster.relaunch, workflowId)).git).toMatchObject({ url, commit });
});

test('all trials of a sweep run the commit that its first look found', async () => {
  const commit = await digits.commit({ 'train.sh': 'cat version; sleep 0.2', version: 'swept' }, 'sweep');
  const url = server.url('/private/digits.git');
  const asked = (): number =>
    server.requests.filter(({ path }) => path.endsWith('/info/refs?service=git-upload-pack')).length;
  const before = asked();
  const { id } = await submitSweep(cluster.relaunch, {
    method: 'grid',
    parameters: { lr: { values: [1, 2, 3] } },
    numWorkers: 1,
    launch: { queue: 'laptop', source: { git: { url, ref: 'sweep' } }, entrypoint: ['sh', 'train.sh'] },
  });
  await until('its first look is over', () => asked() > before);
  await until('the first trial is there', async () => (await trials(cluster.relaunch, id)).length > 0);
  const looks = asked();
  await digits.commit({ 'train.sh': 'exit 1' }, 'sweep');
  expect(await sweepResult(cluster.relaunch, id)).toMatchObject({ state: 'succeeded' });
  expect(asked()).toBe(looks);
  const rows = await trials(cluster.relaunch, id);
  expect(rows).toHaveLength(3);
  for (const { run } of rows) expect((await show(cluster.relaunch, run)).git).toEqual({ url, ref: 'sweep', commit });
});

test('who follows a launch whose repository does not answer sees why nothing happens', async () => {
  server.answer('/down/', (_, response) => void response.writeHead(503).end());
  const url = server.url('/down/digits.git');
  const followed = cluster.command('launch', '-q', 'laptop', '-u', url, '-E', 'true', '--name', 'away', '--follow');
  await until('it is said', () => followed.output().includes('held up: '), 30_000);
  expect(followed.output()).toMatch(new RegExp(`held up: .*${server.host}`));
  followed.child.kill('SIGINT');
  expect(await followed.exited).toBe(130);
});

test('a hand-made workflow gets no further than the client: nothing is asked, nothing shows its credentials', async () => {
  const start = async (url: string): Promise<string> => {
    const { workflowId } = await cluster.relaunch.temporal.workflow.start(launchWorkflowType, {
      taskQueue: controlTaskQueue,
      workflowId: `made-${String(Math.random()).slice(2)}`,
      args: [{ queue: 'laptop', source: { git: { url } }, entrypoint: ['true'] }],
    });
    const { failure } = await result(cluster.relaunch, workflowId);
    expect(failure?.type).toBe('LaunchRejected');
    return failure?.message ?? '';
  };
  const before = server.requests.length;
  for (const url of ['ext::sh -c id', 'file:///etc', '--upload-pack=id'])
    expect(await start(url)).toContain('https://HOST/PATH, ssh://USER@HOST/PATH or USER@HOST:PATH');
  const said = await start(`https://ada:s3cret@${server.host}/private/digits.git`);
  expect(said).toContain('a URL without user, password or token');
  expect(said).not.toContain('s3cret');
  expect(server.requests.length).toBe(before);
  const given = submit(cluster.relaunch, {
    queue: 'laptop',
    source: { git: { url: `https://s3cret@${server.host}/private/digits.git` } },
    entrypoint: ['true'],
  });
  await expect(given).rejects.toThrow('a URL without user, password or token');
  await expect(given).rejects.not.toThrow('s3cret');
});
