import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** One call of git, in a directory that is its home, too. */
export interface GitCall {
  args: readonly string[];
  /** Its working directory. */
  directory: string;
  /** All of its environment. */
  env: Readonly<Record<string, string>>;
  /** What it reads. Default: nothing. */
  input?: string;
  /** It is killed after so long, with all that it has started. */
  timeoutMs: number;
  /** No file that it writes gets longer. */
  maxFileBytes: number;
  signal: AbortSignal;
}

/** Git has said no, or was made to stop. */
export class GitFailed extends Error {
  override readonly name = 'GitFailed';
  /** What it wrote on the way, at most the last 64 KiB. */
  readonly said: string;
  readonly why: 'exit' | 'too-late' | 'not-there';

  constructor(said: string, why: 'exit' | 'too-late' | 'not-there') {
    super(`git failed: ${why}`);
    this.said = said;
    this.why = why;
  }
}

/** The shell's way to bound files, in blocks of 512 bytes; there is none by Node. */
const bounded = 'ulimit -f "$1" || exit 126; shift; exec git "$@"';
const blockBytes = 512;
/** What the shell says where there is no such program. */
const notThere = 127;

const mostSaid = 65_536;

/**
 * Runs git. Yields what it writes; where that is not read to the end, it is killed.
 * @throws GitFailed, the signal's reason
 */
export async function* git(call: GitCall): AsyncGenerator<Buffer> {
  const { args, directory, env, input = '', timeoutMs, maxFileBytes, signal } = call;
  signal.throwIfAborted();
  const limit = String(Math.ceil(maxFileBytes / blockBytes));
  // With a process group of its own: git starts others, that would outlive it.
  const child = spawn('/bin/sh', ['-c', bounded, 'sh', limit, ...args], { cwd: directory, env, detached: true });
  const ended = once(child, 'close') as Promise<[number | null]>;
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said = (said + chunk.toString()).slice(-mostSaid)));
  // It may end without reading.
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  const over = { isLate: false };
  const kill = (): void => {
    killGroup(child.pid);
  };
  const timer = setTimeout(() => {
    over.isLate = true;
    kill();
  }, timeoutMs);
  signal.addEventListener('abort', kill);
  let code: number | null | undefined;
  try {
    yield* child.stdout as AsyncIterable<Buffer>;
    [code] = await ended;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', kill);
    if (code === undefined) {
      kill();
      await ended;
    }
  }
  signal.throwIfAborted();
  if (code !== 0) throw new GitFailed(said, over.isLate ? 'too-late' : code === notThere ? 'not-there' : 'exit');
}

function killGroup(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended.
  }
}

/** All that it writes, as text. */
export async function text(stdout: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stdout) {
    size += chunk.length;
    if (size > mostText) throw new Error(`git wrote more than ${String(mostText)} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

const mostText = 16 * 1_024 ** 2;
