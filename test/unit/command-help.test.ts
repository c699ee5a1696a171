import { expect, test } from 'vitest';
import { runCommand } from '../support/run-command.ts';

const relaunch = (...argv: string[]) => runCommand(argv);

test.each([
  'launch',
  'list',
  'show',
  'logs',
  'cancel',
  'preempt',
  'delete',
  'agent',
  'control',
  'dev',
  'codec-server',
  'queue create',
  'job create code',
  'job create git',
  'job create image',
  'job list',
  'job describe',
  'job delete',
])('%s has help', async (command) => {
  const { out, code } = await relaunch(...command.split(' '), '--help');
  expect(out).toContain('Examples:');
  expect(code).toBe(0);
});

test('--version', async () => {
  expect(await relaunch('--version')).toEqual({ out: '1.2.3\n', err: '', code: 0 });
});

test.each([
  [['bogus'], /unknown command 'bogus'/],
  [['list', '--state', 'happy'], /Allowed choices are queued, building/],
  [['list', '--limit', '0'], /--limit is "0": a number from 1/],
  [['logs', '-a', 'x', 'r'], /attempts are numbered from 1/],
  [['launch', '-q', 'q', 'python'], /put the command after --/],
  [['launch', '-f', 'nowhere.yaml'], /nowhere\.yaml cannot be read: there is no such file/],
  [['launch', '-c', '{"args": [}'], /is no JSON/],
  [['agent'], /needs a queue to serve/],
  [['agent', '-q', 'a/b'], /--queue is "a\/b": at most 63 characters/],
  [['agent', '-q', 'a', '--max-jobs', '0'], /--max-jobs is "0"/],
  [['queue', 'create', 'x'], /either --backend or --file/],
  [['dev', '--max-jobs', 'many'], /--max-jobs is "many"/],
  [['codec-server', '--ui', 'here'], /--ui is "here": the URL of the Web UI/],
  [['codec-server', '--ui', 'http://ui'], /nothing to decrypt with: set RELAUNCH_CODEC_KEY_FILE/],
  [['list', '-e', 'a b'], /the entity is "a b"/],
])('%j is bad input: exit code 2', async (argv, message) => {
  const { err, code } = await relaunch(...argv);
  expect(err).toMatch(message);
  expect(code).toBe(2);
});

test('where nothing answers, the way out is named', async () => {
  const { err, code } = await relaunch('list');
  expect(err).toBe(
    'error: nothing answers at 127.0.0.1:1 as a Temporal server (connect ECONNREFUSED 127.0.0.1:1). Start `relaunch dev`, or set TEMPORAL_ADDRESS to where one is.',
  );
  expect(code).toBe(1);
}, 20_000);
