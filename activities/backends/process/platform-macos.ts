import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Platform } from './platform.ts';

const run = promisify(execFile);

/** macOS: ps and sysctl. The environment of programs that Apple protects stays hidden: those are known by their group alone. */
export const macos: Platform = {
  async bootId() {
    const { stdout } = await run('/usr/sbin/sysctl', ['-n', 'kern.bootsessionuuid']);
    return stdout.trim();
  },

  async hasArgument(pid, argument) {
    const lines = await ps(['-ww', '-o', 'pid=,pgid=,stat=,command=', '-p', String(pid)]);
    return lines.some(({ text }) => `${text} `.includes(` ${argument} `));
  },

  async processes(marks) {
    const lines = await ps(['-axww', '-E', '-o', 'pid=,pgid=,stat=,command=']);
    return lines.map(({ pid, group, text }) => ({
      pid,
      group,
      marked: marks.every((mark) => ` ${text} `.includes(` ${mark} `)),
    }));
  },
};

async function ps(options: string[]): Promise<{ pid: number; group: number; text: string }[]> {
  // ps exits with 1 where no process was found.
  const stdout = await run('/bin/ps', options, { maxBuffer: 256 * 1024 * 1024 }).then(
    (result) => result.stdout,
    () => '',
  );
  return stdout.split('\n').flatMap((line) => {
    const [, pid, group, state = '', text = ''] = /^\s*(\d+)\s+(\d+)\s+(\S+)\s*(.*)$/.exec(line) ?? [];
    return pid === undefined || state.startsWith('Z') ? [] : [{ pid: Number(pid), group: Number(group), text }];
  });
}
