import type { Cli } from '../../scripts/cli.ts';
import { complaintOf } from '../../scripts/complaint.ts';
import { programOf } from '../../scripts/program.ts';

/** Runs `relaunch ARGV` within this process, by user ada. There is no Temporal server. */
export async function runCommand(
  argv: readonly string[],
  { env = {}, cwd = '/', ask }: Partial<Pick<Cli, 'env' | 'cwd' | 'ask'>> = {},
): Promise<{ out: string; err: string; code: number }> {
  let [out, err, code] = ['', '', 0];
  const screen = (write: (text: string) => void) => ({
    tty: false,
    raw: write,
    line: (text = '') => {
      write(`${text}\n`);
    },
  });
  const cli: Cli = {
    env: { RELAUNCH_HOME: '/nowhere', TEMPORAL_ADDRESS: '127.0.0.1:1', ...env },
    argv,
    cwd,
    user: 'ada',
    version: '1.2.3',
    ask,
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
