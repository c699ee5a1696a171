import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { AgentSecrets } from '../../activities/secrets/agent-secrets.ts';
import { maskedError } from '../../activities/secrets/masked-error.ts';
import { masking } from '../../activities/secrets/masking.ts';

const scratch = mkdtempSync(join(tmpdir(), 'relaunch-secrets-'));
afterAll(() => {
  rmSync(scratch, { recursive: true });
});

const directory = join(scratch, 'secrets');
mkdirSync(join(directory, 'wandb'), { recursive: true });
const put = (name: string, content: string | Buffer, mode = 0o600): void => {
  writeFileSync(join(directory, name), content, { mode });
};
put('hf', 'hf_123\n');
put('wandb/key', 'key-456');
put('loose', 'seen', 0o644);
put('bytes', Buffer.from([0xff, 0x00, 0xfe]));
put('empty', '');
put('large', 'x'.repeat(64 * 1_024 + 1));
writeFileSync(join(scratch, 'outside'), 'of the agent alone');
symlinkSync(join(scratch, 'outside'), join(directory, 'out'));
symlinkSync('wandb/key', join(directory, 'within'));
execFileSync('sh', ['-c', 'mkfifo "$0"', join(directory, 'pipe')]);

const warnings: string[] = [];
const agent = new AgentSecrets({
  agent: 'rack-3',
  directory,
  environment: { HF: 'of the environment', hf: 'never taken' },
  warn: (message) => warnings.push(message),
});

const given = async (secret: string, as: 'file' | 'env' = 'file'): Promise<string | undefined> =>
  (await agent.give({ A: { secret, as } }))[0]?.value.toString('latin1');

test.each([
  ['hf', 'file', 'hf_123\n'],
  ['hf', 'env', 'hf_123'],
  ['wandb/key', 'env', 'key-456'],
  ['within', 'file', 'key-456'],
  ['bytes', 'file', '\xff\0\xfe'],
  ['HF', 'env', 'of the environment'],
] as const)('%s is given as %s', async (secret, as, value) => {
  expect(await given(secret, as)).toBe(value);
});

test.each([
  ['none', 'file', 'is not there: no file of that name is in'],
  ['wandb', 'file', 'is no file'],
  ['out', 'file', 'is a link out of its directory'],
  ['../outside', 'file', 'is not there'],
  ['hf/..', 'file', 'is not there'],
  ['hf/key', 'file', 'is not there'],
  ['pipe', 'file', 'is no file'],
  ['empty', 'file', 'is empty'],
  ['large', 'file', 'has more than 65536 bytes'],
  ['bytes', 'env', 'is no text: let it be given `as: file`'],
  ['PATH', 'env', 'is not there'],
] as const)('%s is not, in a sentence that says why', async (secret, as, why) => {
  const sentence = `secret "${secret}" of env.A, which agent rack-3 is to give, ${why}`;
  await expect(given(secret, as)).rejects.toMatchObject({
    type: 'AttemptRefused',
    message: expect.stringContaining(sentence) as string,
  });
});

test('one that was replaced is read anew, and one that everybody may read is told once', async () => {
  await given('loose');
  put('loose', 'rotated');
  expect(await given('loose')).toBe('rotated');
  expect(warnings).toEqual([`everybody on this machine may read secret "loose": chmod o= ${join(directory, 'loose')}`]);
});

test('of those to be hidden only what can be had is', async () => {
  const names = ['hf', 'none', 'out', 'wandb/key'].map((secret, i) => [
    `V${String(i)}`,
    { secret, as: 'file' as const },
  ]);
  expect((await agent.known(Object.fromEntries(names) as Parameters<AgentSecrets['known']>[0])).map(String)).toEqual([
    'hf_123\n',
    'key-456',
  ]);
});

test('an error shows no secret, in any of its causes', () => {
  const cause = new Error('the engine says: A=hf_123 is bad');
  const error = maskedError(new Error('refused: A=hf_123', { cause }), masking(['hf_123\n'])) as Error;
  expect([error.message, cause.message]).toEqual(['refused: A=****', 'the engine says: A=**** is bad']);
  expect(`${String(error.stack)}${String(cause.stack)}`).not.toContain('hf_123');
});
