import { expect, test } from 'vitest';
import type { Cli } from '../../scripts/cli.ts';
import { complaintOf } from '../../scripts/complaint.ts';
import { programOf } from '../../scripts/program.ts';

async function relaunch(...argv: string[]): Promise<{ out: string; err: string; code: number }> {
  let [out, err, code] = ['', '', 0];
  const screen = (write: (text: string) => void) => ({
    tty: false,
    raw: write,
    line: (text = '') => {
      write(`${text}\n`);
    },
  });
  const cli: Cli = {
    env: { RELAUNCH_HOME: '/nowhere', TEMPORAL_ADDRESS: '127.0.0.1:1' },
    argv,
    cwd: '/',
    user: 'ada',
    version: '1.2.3',
    out: screen((text) => (out += text)),
    err: screen((text) => (err += text)),
    exitWith: (asked) => (code = asked),
  };
  try {
    await programOf(cli).parseAsync(argv, { from: 'user' });
  } catch (error) {
    const complaint = complaintOf(error, false);
    err += complaint.lines.join('\n');
    code = complaint.code;
  }
  return { out, err, code };
}

test.each(['launch', 'list', 'show', 'logs', 'cancel', 'preempt', 'delete', 'agent', 'control', 'dev', 'queue create'])(
  '%s has help',
  async (command) => {
    const { out, code } = await relaunch(...command.split(' '), '--help');
    expect(out).toContain('Examples:');
    expect(code).toBe(0);
  },
);

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
  [['list', '-e', 'a b'], /the entity is "a b"/],
])('%j is bad input: exit code 2', async (argv, message) => {
  const { err, code } = await relaunch(...argv);
  expect(err).toMatch(message);
  expect(code).toBe(2);
});

test('where nothing answers, the way out is named', async () => {
  const { err, code } = await relaunch('list');
  expect(err).toBe(
    'error: nothing answers at 127.0.0.1:1 as a Temporal server. Start `relaunch dev`, or set TEMPORAL_ADDRESS to where one is.',
  );
  expect(code).toBe(1);
}, 20_000);
