import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { connect, list, readSettings, result, show, submit, type Relaunch } from '../../client/index.ts';
import { accessScene, type AccessScene } from '../support/access-scene.ts';
import { failsAs } from '../support/fails-as.ts';
import { runCommand } from '../support/run-command.ts';
import { linesOf } from '../support/run-watch.ts';
import { byPolicies } from '../support/s3-policy.ts';
import { s3Proxy, type S3Proxy, type S3Request } from '../support/s3-proxy.ts';
import { s3Env, startS3, type S3Server } from '../support/s3-server.ts';

let scene: AccessScene;
let server: S3Server;
let proxy: S3Proxy;
const denied: S3Request[] = [];
const open: Relaunch[] = [];

const store = (role: string) => ({
  ...s3Env(proxy.url),
  AWS_ACCESS_KEY_ID: role,
  RELAUNCH_STORE: 's3://relaunch/vision',
});

/** This process has the store's credentials of a role from now on, as the AWS SDK reads them from the environment. */
function inStoreAs(role: string): void {
  for (const [name, value] of Object.entries(store(role))) vi.stubEnv(name, value);
}

async function clientOf(env: Record<string, string>): Promise<Relaunch> {
  const client = await connect(readSettings({ ...env, RELAUNCH_STORE: 's3://relaunch/vision' }));
  open.push(client);
  return client;
}

/** `relaunch WORDS` of somebody, with the store's credentials of a role. */
function run(words: string[], who: string, role = 'CLIENT'): ReturnType<typeof runCommand> {
  return runCommand(words, { env: { ...scene.profile(who), TEMPORAL_ADDRESS: scene.gate.address, ...store(role) } });
}

const hello = () => ({
  queue: 'laptop',
  source: { code: { dir: `${scene.cluster.home}/code` } },
  entrypoint: ['sh', '-c', 'echo hello'],
});

beforeAll(async () => {
  server = await startS3();
  proxy = await s3Proxy(server);
  proxy.fault = await byPolicies('relaunch', 'vision', (request) => denied.push(request));
  scene = await accessScene('s3://relaunch/vision');
  const { gate, cluster, command, certificate } = scene;
  gate.people
    .set('control', { vision: 'admin' })
    .set('gpu-agent', { vision: 'write' })
    .set('ada', { vision: 'write' })
    .set('the-key-of-bob', { vision: 'write' })
    .set('eve', { speech: 'admin' });
  inStoreAs('CLIENT');
  const refused = await run(command('queue'), 'ada');
  expect(refused).toMatchObject({ code: 1, err: expect.stringMatching(notYours) as string });
  inStoreAs('ADMIN');
  expect(await run(command('queue'), 'ada', 'ADMIN')).toMatchObject({
    code: 0,
  });
  inStoreAs('CLIENT');
  const ours = Object.keys(cluster.env);
  const as = (env: Record<string, string>): void => {
    for (const name of ours) Reflect.deleteProperty(cluster.env, name);
    Object.assign(cluster.env, env);
  };
  as(certificate('control'));
  const control = cluster.control();
  as({ ...certificate('gpu-agent'), ...store('AGENT') });
  await Promise.all([cluster.agent('one', ['laptop'], 4), control]);
  denied.length = 0;
}, 120_000);

afterAll(async () => {
  await Promise.all(open.map((client) => client.close()));
  await scene.cluster.stop();
  await scene.gate[Symbol.asyncDispose]();
  await proxy[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
  vi.unstubAllEnvs();
});

const notYours =
  /cannot write queues\/laptop\.yaml in s3:\/\/relaunch\/vision: access key CLIENT may not: docs\/store\.md/;

test('a member pushes as the docs say, and the run ends well on an agent and a control worker of their own', async () => {
  const pushed = await run([...scene.command('push'), '--json'], 'ada');
  expect(pushed).toMatchObject({ code: 0 });
  const { workflowId } = JSON.parse(pushed.out) as { workflowId: string };
  const [ada, bob] = await Promise.all([clientOf(scene.profile('ada')), clientOf(scene.profile('bob'))]);
  expect(await result(ada, workflowId)).toMatchObject({ state: 'succeeded' });
  expect(await linesOf({ relaunch: bob }, workflowId)).toEqual(['hello']);
  expect(denied).toEqual([]);

  scene.gate.people.set('the-key-of-bob', { vision: 'read' });
  expect(await show(bob, workflowId)).toMatchObject({ state: 'succeeded' });
  await expect(submit(bob, hello())).rejects.toThrow(/does not let you do this/);
  scene.gate.people.set('the-key-of-bob', { vision: 'write' });
});

test('who may push may not edit a queue', async () => {
  const edit = [...scene.command('queue'), '--replace'];
  const refused = await run(edit, 'ada');
  expect(refused).toMatchObject({ code: 1, err: expect.stringMatching(notYours) as string });
});

test('credentials of another entity neither push nor read, in Temporal and in the store', async () => {
  const ada = await clientOf(scene.profile('ada'));
  const run = await submit(ada, hello());
  const eve = await clientOf(scene.certificate('eve'));
  const refused = new RegExp(
    `^Temporal at ${scene.gate.address} does not let you do this in entity "vision": Request unauthorized\\. ` +
      'You asked as the certificate of TEMPORAL_TLS_CLIENT_CERT_PATH, /.*/eve\\.pem\\. .* TEMPORAL_PROFILE.* \\(docs/access\\.md\\)',
  );
  for (const ask of [
    () => submit(eve, hello()),
    () => show(eve, run.workflowId),
    () => result(eve, run.workflowId),
    () => list(eve, {}, 1),
  ])
    await expect(ask()).rejects.toThrow(refused);
  inStoreAs('STRANGER');
  const stranger = await clientOf(scene.profile('ada'));
  for (const ask of [
    () => submit(stranger, hello()),
    () => stranger.store.get('queues/laptop.yaml'),
    () => stranger.store.list('runs/'),
  ])
    await expect(ask()).rejects.toEqual(failsAs('StoreUnavailable', /access key STRANGER may not: docs\/store\.md/));
  inStoreAs('CLIENT');
});

test('a member who is taken off is refused at the next push, and told what to do; what was pushed goes on', async () => {
  const [ada, bob] = await Promise.all([clientOf(scene.profile('ada')), clientOf(scene.profile('bob'))]);
  const before = await submit(ada, { ...hello(), entrypoint: ['sh', '-c', 'sleep 1; echo hello'] });
  scene.gate.people.delete('ada');
  await expect(submit(ada, hello())).rejects.toThrow(
    /does not let you do this in entity "vision": .* certificate of profile "ada" in \/.*temporal\.toml\. If you should be let in, ask the owner/,
  );
  expect(await result(bob, before.workflowId)).toMatchObject({ state: 'succeeded' });
  scene.gate.people.delete('the-key-of-bob');
  const unknown =
    /^Temporal at 127.* does not know you: Jwt verification fails\. You asked as the API key of profile "bob" in /;
  await expect(submit(bob, hello())).rejects.toThrow(unknown);
  const pushed = await run(scene.command('push'), 'bob');
  expect(pushed).toMatchObject({
    code: 1,
    err: expect.stringMatching(/^error: Temporal at .* does not know you/) as string,
  });
});

test.concurrent('an agent that is not let in says so, and does not start', async () => {
  const { cluster, certificate } = scene;
  Object.assign(cluster.env, certificate('eve'));
  const { code, output } = await cluster.run('agent', '-q', 'laptop', '--name', 'other');
  expect([code, output]).toEqual([1, expect.stringMatching(/^error: Temporal at .* in entity "vision": .*eve\.pem/m)]);
});

test.concurrent('a server that is not the one of its certificate is named with the reason', async () => {
  const { TEMPORAL_TLS_SERVER_CA_CERT_PATH: _, ...env } = scene.certificate('eve');
  await expect(clientOf(env)).rejects.toThrow(
    /^nothing answers at 127.* as a Temporal server over TLS \((self-signed|unable to).*certificate.*\)\. Set .* you asked as the certificate of/,
  );
});
