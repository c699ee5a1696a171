import { open, stat, type FileHandle } from 'node:fs/promises';
import type { Testbed } from '../../scripts/testbed/kubernetes/up.ts';

/** How many requests, by verb and resource: `get pods/log`. */
export type Requests = Record<string, number>;

/** Those of a namespace. */
interface Agents {
  testbed: Pick<Testbed, 'auditLog'>;
  name: string;
}

interface Line {
  auditID: string;
  verb: string;
  objectRef?: { resource?: string; subresource?: string };
  requestReceivedTimestamp: string;
}

/** Counts what the agents of a namespace ask of the API server, by the audit log of that, through the rotations of the file. */
export class AuditCount {
  readonly #path: string;
  readonly #user: string;
  #file: FileHandle;
  #offset: number;

  /** @returns one that counts from now on; undefined where the cluster is not ours and has no such log */
  static async open({ testbed, name }: Agents): Promise<AuditCount | undefined> {
    if (testbed.auditLog === undefined) return undefined;
    const file = await open(testbed.auditLog);
    const { size } = await file.stat();
    return new AuditCount(testbed.auditLog, `system:serviceaccount:${name}:relaunch-agent`, file, size);
  }

  private constructor(path: string, user: string, file: FileHandle, offset: number) {
    this.#path = path;
    this.#user = user;
    this.#file = file;
    this.#offset = offset;
  }

  /** What came in between two moments, both since the last call. */
  async between(fromMs: number, toMs: number): Promise<Requests> {
    // What goes on and on has two lines, of which one may be before the time.
    const counted = new Set<string>();
    const requests: Requests = {};
    for await (const { auditID, verb, objectRef = {}, requestReceivedTimestamp } of this.#lines()) {
      const atMs = Date.parse(requestReceivedTimestamp);
      if (counted.has(auditID) || atMs < fromMs || atMs > toMs) continue;
      counted.add(auditID);
      const resource = [objectRef.resource, objectRef.subresource].filter((part) => part !== undefined).join('/');
      const what = `${verb} ${resource}`;
      requests[what] = (requests[what] ?? 0) + 1;
    }
    return requests;
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  /** The agents', in order. */
  async *#lines(): AsyncGenerator<Line> {
    for (;;) {
      const isRotated = (await stat(this.#path)).ino !== (await this.#file.stat()).ino;
      yield* this.#rest();
      if (!isRotated) return;
      await this.#file.close();
      this.#file = await open(this.#path);
      this.#offset = 0;
    }
  }

  async *#rest(): AsyncGenerator<Line> {
    const { size } = await this.#file.stat();
    if (size <= this.#offset) return;
    const chunks = this.#file.createReadStream({ start: this.#offset, end: size - 1, autoClose: false });
    let rest = '';
    for await (const chunk of chunks.setEncoding('utf8')) {
      const lines = (rest + String(chunk)).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) if (line.includes(`"${this.#user}"`)) yield JSON.parse(line) as Line;
    }
    this.#offset = size - Buffer.byteLength(rest);
  }
}

export const totalOf = (requests: Requests): number => Object.values(requests).reduce((sum, each) => sum + each, 0);
