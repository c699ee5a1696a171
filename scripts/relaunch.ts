#!/usr/bin/env node
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { createInterface } from 'node:readline/promises';
import type { Cli, Screen } from './cli.ts';
import { complaintOf } from './complaint.ts';
import { programOf } from './program.ts';

function screenOf(stream: NodeJS.WriteStream): Screen {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE' && error.code !== 'EIO') throw error;
    // A reader that went away (`| head`) is no error of ours. What listens for SIGTERM has more to do than to print.
    if (process.listenerCount('SIGTERM') === 0) process.exit(0);
  });
  return {
    tty: stream.isTTY,
    line: (text = '') => void stream.write(`${text}\n`),
    raw: (text) => void stream.write(text),
  };
}

function userOf(env: NodeJS.ProcessEnv): string {
  try {
    return userInfo().username;
  } catch {
    // A container's user id need not have a name.
    return env['USER'] || 'unknown';
  }
}

function versionOf(): string {
  for (const path of ['../package.json', '../../package.json']) {
    try {
      return (JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8')) as { version: string }).version;
    } catch {
      continue;
    }
  }
  return 'unknown';
}

/** Without an answer, as on Ctrl-D: an empty one. */
async function ask(question: string): Promise<string> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const closed = once(terminal, 'close').then(() => '');
    return await Promise.race([terminal.question(question).catch(() => ''), closed]);
  } finally {
    terminal.close();
  }
}

const cli: Cli = {
  env: process.env,
  argv: process.argv.slice(2),
  cwd: process.cwd(),
  user: userOf(process.env),
  version: versionOf(),
  out: screenOf(process.stdout),
  err: screenOf(process.stderr),
  ask: process.stdin.isTTY && process.stderr.isTTY ? ask : undefined,
  exitWith: (code) => {
    process.exitCode = code;
  },
};

try {
  await programOf(cli).parseAsync(cli.argv, { from: 'user' });
} catch (error) {
  const debug = Boolean(process.env['RELAUNCH_DEBUG'] || process.env['DEBUG']);
  const { lines, code } = complaintOf(error, debug);
  for (const line of lines) cli.err.line(line);
  // Temporal's native runtime would keep a process alive whose worker did not come up.
  process.exit(code);
}
