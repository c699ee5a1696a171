import { readFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import type { Platform, RunningProcess } from './platform.ts';

/** Linux: all of it is in /proc. */
export const linux: Platform = {
  async bootId() {
    const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8');
    return `${boot.trim()}-${stat(1)?.startTime ?? ''}`;
  },

  async hasArgument(pid, argument) {
    const commandLine = await readFile(`/proc/${String(pid)}/cmdline`, 'utf8').catch(() => '');
    return commandLine.split('\0').includes(argument);
  },

  async processes(marks) {
    const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
    return pids.flatMap((pid) => running(pid, marks));
  },
};

function running(pid: number, marks: readonly string[]): RunningProcess[] {
  const found = stat(pid);
  if (found === undefined || found.ended) return [];
  const environment = `\0${read(pid, 'environ') ?? ''}`;
  return [{ pid, group: found.group, marked: marks.every((mark) => environment.includes(`\0${mark}\0`)) }];
}

/** The fields of proc_pid_stat(5), counted behind the command's name, which may hold anything. */
function stat(pid: number): { ended: boolean; group: number; startTime: string } | undefined {
  const text = read(pid, 'stat');
  if (text === undefined) return undefined;
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [state = '', , group = ''] = fields;
  // A zombie with more than one thread has only lost its first: the others go on.
  const ended = state === 'X' || (state === 'Z' && Number(fields[17]) <= 1);
  return { ended, group: Number(group), startTime: fields[19] ?? '' };
}

function read(pid: number, file: string): string | undefined {
  try {
    return readFileSync(`/proc/${String(pid)}/${file}`, 'utf8');
  } catch {
    return undefined;
  }
}
