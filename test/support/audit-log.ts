import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { TestNamespace } from './kubernetes-cluster.ts';

/** A request that the API server answered, as its audit log has it. */
export interface Audited {
  verb: string;
  /** With its subresource: `pods/log`. */
  resource: string;
  name: string;
  user: string;
  code: number;
  /** When it was answered, in ms since 1970. */
  atMs: number;
}

interface Line {
  auditID: string;
  verb: string;
  user: { username: string };
  objectRef?: { resource?: string; subresource?: string; namespace?: string; name?: string };
  responseStatus?: { code?: number };
  stageTimestamp: string;
}

/** What was asked of a namespace, in order; of nodes, by its agent. @throws Error where the cluster is not ours and has no such log */
export async function auditLog({ testbed, name }: TestNamespace): Promise<Audited[]> {
  if (testbed.auditLog === undefined) throw new Error('the cluster of RELAUNCH_TEST_KUBECONFIG has no audit log');
  const text = await readLog(testbed.auditLog);
  const told = new Set<string>();
  return (
    text
      .split('\n')
      .filter((line) => line.includes(`"${name}"`) || line.includes(`:${name}:`))
      .map((line) => JSON.parse(line) as Line)
      // What streams is told twice: when it begins, and when it is over.
      .filter(({ auditID }) => !told.has(auditID) && told.add(auditID))
      .filter(({ objectRef }) => objectRef?.namespace === name || objectRef?.resource === 'nodes')
      .map(({ verb, user, objectRef = {}, responseStatus, stageTimestamp }) => ({
        verb,
        resource: [objectRef.resource, objectRef.subresource].filter((part) => part !== undefined).join('/'),
        name: objectRef.name ?? '',
        user: user.username,
        code: responseStatus?.code ?? 0,
        atMs: Date.parse(stageTimestamp),
      }))
  );
}

/** With the file before it: the API server begins a new one at 100 MB, which may be in the middle of a test. */
async function readLog(file: string): Promise<string> {
  const directory = dirname(file);
  const before = (await readdir(directory)).filter((name) => /^audit-.*\.log$/.test(name)).sort();
  const files = [...before.slice(-1).map((name) => join(directory, name)), file];
  return (await Promise.all(files.map((each) => readFile(each, 'utf8')))).join('');
}

/** The agent's own. */
export const byAgent = (log: readonly Audited[], { name }: TestNamespace): Audited[] =>
  log.filter(({ user }) => user === `system:serviceaccount:${name}:relaunch-agent`);
