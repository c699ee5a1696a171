import { appendFile, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { AuditCount } from '../bench/kubernetes-audit.ts';

let directory: string;
let auditLog: string;
let count: AuditCount;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'relaunch-audit-'));
  auditLog = join(directory, 'audit.log');
  await writeFile(auditLog, line('before', 'get', 'jobs'));
  const opened = await AuditCount.open({ testbed: { auditLog }, name: 'team' });
  if (opened === undefined) throw new Error('there is a log');
  count = opened;
});

afterEach(async () => {
  await count.close();
  await rm(directory, { recursive: true });
});

function line(auditID: string, verb: string, resource: string, more: object = {}, at = '2026-01-01T00:00:01Z'): string {
  const user = { username: 'system:serviceaccount:team:relaunch-agent' };
  return `${JSON.stringify({ auditID, verb, user, objectRef: { resource }, requestReceivedTimestamp: at, ...more })}\n`;
}

const all = (): ReturnType<AuditCount['between']> => count.between(0, Infinity);

test('requests of agents count by verb and resource, those of others and of earlier do not', async () => {
  const somebody = { user: { username: 'system:serviceaccount:team:default' } };
  const log = { objectRef: { resource: 'pods', subresource: 'log' } };
  await appendFile(
    auditLog,
    line('1', 'get', 'jobs') +
      line('2', 'get', 'jobs') +
      line('3', 'get', 'jobs', somebody) +
      line('4', 'get', '', log),
  );
  expect(await all()).toEqual({ 'get jobs': 2, 'get pods/log': 1 });
  expect(await all()).toEqual({});
});

test('a watch, which has a line at its start and one at its end, counts once, at its start', async () => {
  await appendFile(auditLog, line('1', 'watch', 'pods') + line('1', 'watch', 'pods'));
  await appendFile(auditLog, line('2', 'watch', 'jobs', {}, '2026-01-01T00:00:00Z'));
  expect(await count.between(Date.parse('2026-01-01T00:00:01Z'), Infinity)).toEqual({ 'watch pods': 1 });
});

test('a line that is half written counts when it is whole', async () => {
  const text = line('1', 'list', 'pods');
  await appendFile(auditLog, text.slice(0, 50));
  expect(await all()).toEqual({});
  await appendFile(auditLog, text.slice(50));
  expect(await all()).toEqual({ 'list pods': 1 });
});

test('nothing is missed or counted twice when the file is rotated', async () => {
  await appendFile(auditLog, line('1', 'list', 'pods'));
  await rename(auditLog, join(directory, 'audit-1.log'));
  await writeFile(auditLog, line('2', 'list', 'pods'));
  expect(await all()).toEqual({ 'list pods': 2 });
  await appendFile(auditLog, line('3', 'list', 'pods'));
  expect(await all()).toEqual({ 'list pods': 1 });
});
