import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { runCommand } from '../support/run-command.ts';

const scratch = await mkdtemp(join(tmpdir(), 'relaunch-queue-command-'));
// What an editor had is kept where it was not taken.
process.env['TMPDIR'] = scratch;
afterAll(() => rm(scratch, { recursive: true, force: true }));

let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(scratch, 'home-'));
});

const good = '# mine\nbackend: process\nrequeue: { max: 2 }\n';
const stored = (name: string): Promise<string> => readFile(join(home, 'store/queues', `${name}.yaml`), 'utf8');

function queue(argv: string[], env: Record<string, string> = {}) {
  const store = pathToFileURL(join(home, 'store')).href;
  return runCommand(['queue', ...argv], { cwd: home, env: { RELAUNCH_STORE: store, ...env } });
}

/** A file of a queue. */
async function file(name: string, text: string): Promise<string> {
  await writeFile(join(home, name), text);
  return name;
}

test('files are checked without a server, each with all that is wrong', async () => {
  const files = [
    await file('a.yaml', good),
    await file('b.yaml', 'backend: process\nallow: { /sauce: open }\nfoo: 1\n'),
  ];
  expect(await queue(['validate', files[0] ?? ''])).toMatchObject({ out: 'a.yaml is a queue\n', code: 0 });
  const { out, code } = await queue(['validate', ...files]);
  expect(code).toBe(2);
  expect(out).toContain('allow./sauce is "open": not a field of a launch');
  expect(out.split('\n')).toContain('foo is 1: not a known field');
  const json = await queue(['validate', '--json', ...files]);
  expect(JSON.parse(json.out)).toMatchObject([{ file: 'a.yaml' }, { wrong: expect.stringContaining('foo') as string }]);
});

test('a queue is created, changed and left as a file says, and what changes is said', async () => {
  await file('gpu.yaml', good);
  expect((await queue(['apply', '-f', 'gpu.yaml'])).out).toContain('queue gpu is created');
  expect(await stored('gpu')).toBe(good);
  expect((await queue(['apply', '-f', 'gpu.yaml'])).out).toBe('queue gpu is unchanged\n');
  await file('gpu.yaml', 'backend: process\nrequeue: { max: 1 }\ngracePeriod: 9s\n');
  expect((await queue(['apply', '-f', 'gpu.yaml'])).out).toBe(
    'queue gpu is updated\n  /requeue/max: 2 -> 1\n  /gracePeriod: not there -> "9s"\n',
  );
  await file('wrong.yaml', 'backend: 1\n');
  expect((await queue(['apply', 'gpu', '-f', 'wrong.yaml'])).code).toBe(2);
  expect(await stored('gpu')).toContain('9s');
});

test('an editor changes a queue, unless it writes none or somebody else was quicker', async () => {
  await file('gpu.yaml', good);
  await queue(['apply', '-f', 'gpu.yaml']);
  const edit = (script: string) => queue(['edit', 'gpu'], { EDITOR: `sh -c '${script}' sh` });
  expect((await edit('echo "gracePeriod: 5s" >> "$1"')).out).toContain('/gracePeriod: not there -> "5s"');
  expect(await stored('gpu')).toBe(`${good}gracePeriod: 5s\n`);
  const wrong = await edit('echo "colour: red" >> "$1"');
  expect(wrong.code).toBe(2);
  expect(wrong.err).toContain('colour is "red": not a known field');
  await file('other.yaml', 'backend: docker\n');
  const path = join(home, 'store/queues/gpu.yaml');
  const late = await edit(`cp ${join(home, 'other.yaml')} ${path}; echo "agentTimeout: 1m" >> "$1"`);
  expect(late.err).toMatch(/was changed by somebody else meanwhile, nothing was written.*What you wrote is in /);
  expect(await stored('gpu')).toBe('backend: docker\n');
  expect((await queue(['edit', 'none'], { EDITOR: 'true' })).err).toContain('queue "none" does not exist');
  expect((await queue(['edit', 'gpu'])).err).toContain('which editor?');
});

test('editors get a JSON Schema that has every field', async () => {
  const { out } = await queue(['schema']);
  const { properties } = JSON.parse(out) as { properties: Record<string, unknown> };
  expect(Object.keys(properties)).toEqual(
    expect.arrayContaining([
      'backend',
      'resourceArgs',
      'variables',
      'overrides',
      'allow',
      'defaults',
      'links',
      'requeue',
    ]),
  );
});

test('a queue is deleted after a question, or by --yes', async () => {
  expect((await queue(['delete', 'gpu'])).err).toContain('this deletes queue gpu: repeat with --yes');
});
