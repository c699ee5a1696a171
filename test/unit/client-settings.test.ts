import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { readDevRecord, removeDevRecord, writeDevRecord, type DevRecord } from '../../client/dev-record.ts';
import { isAlive } from '../../store/process-alive.ts';
import { readSettings } from '../../client/settings.ts';

let home: string;
let env: Record<string, string>;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'relaunch-settings-'));
  env = { HOME: home, RELAUNCH_HOME: home, TEMPORAL_CONFIG_FILE: join(home, 'none.toml') };
});

const dev: DevRecord = {
  address: '127.0.0.1:7300',
  uiUrl: 'http://127.0.0.1:8300/',
  namespace: 'mine',
  pid: process.pid,
  serverPid: 1,
};
const deadPid = 2 ** 22 + 1;

test('without anything set, the server is on this machine and the store under the home', () => {
  const settings = readSettings(env);
  expect(settings).toMatchObject({
    home,
    entity: 'default',
    temporal: { address: 'localhost:7233' },
    storeUrl: `file://${home}/store/default`,
    uiUrl: undefined,
  });
});

test('the home follows RELAUNCH_HOME, then XDG_STATE_HOME, then the home directory', () => {
  expect(readSettings({ ...env, RELAUNCH_HOME: '/a', XDG_STATE_HOME: '/b' }).home).toBe('/a');
  expect(readSettings({ ...env, RELAUNCH_HOME: '', XDG_STATE_HOME: '/b' }).home).toBe('/b/relaunch');
  expect(readSettings({ HOME: '/c', TEMPORAL_CONFIG_FILE: env['TEMPORAL_CONFIG_FILE'] }).home).toBe(
    '/c/.local/state/relaunch',
  );
});

test('a living `relaunch dev` is found without any variable', () => {
  writeDevRecord(home, dev);
  const { temporal, entity, uiUrl } = readSettings(env);
  expect({ temporal, entity, uiUrl }).toMatchObject({
    temporal: { address: dev.address },
    entity: 'mine',
    uiUrl: 'http://127.0.0.1:8300',
  });
});

test('TEMPORAL_ADDRESS wins over `relaunch dev`, whose Web UI is then not ours', () => {
  writeDevRecord(home, dev);
  const { temporal, entity, uiUrl } = readSettings({ ...env, TEMPORAL_ADDRESS: 'temporal.example:7233' });
  expect({ temporal, entity, uiUrl }).toMatchObject({
    temporal: { address: 'temporal.example:7233' },
    entity: 'default',
    uiUrl: undefined,
  });
});

test('a `relaunch dev` that was killed is not taken for a living one', () => {
  writeDevRecord(home, { ...dev, pid: deadPid });
  expect(isAlive(deadPid)).toBe(false);
  expect(readSettings(env).temporal.address).toBe('localhost:7233');
});

test('--entity wins over TEMPORAL_NAMESPACE, that over the namespace of `relaunch dev`', () => {
  writeDevRecord(home, dev);
  expect(readSettings({ ...env, TEMPORAL_NAMESPACE: 'vision' }).entity).toBe('vision');
  expect(readSettings({ ...env, TEMPORAL_NAMESPACE: 'vision' }, { entity: 'speech' }).entity).toBe('speech');
});

test('an API key turns TLS on, as in all tools of Temporal', () => {
  const { temporal } = readSettings({ ...env, TEMPORAL_ADDRESS: 'cloud:7233', TEMPORAL_API_KEY: 'k' });
  expect(temporal).toMatchObject({ address: 'cloud:7233', apiKey: 'k', tls: true });
});

test('an entity that cannot be a label is refused by its name', () => {
  expect(() => readSettings(env, { entity: 'a/b' })).toThrow(/the entity is "a\/b": at most 63 characters/);
});

test('a profile file that is broken is named as the reason', () => {
  expect(() => readSettings({ ...env, TEMPORAL_PROFILE: 'nope' })).toThrow(/Temporal's settings .* cannot be used/);
});

test('a damaged dev.json is as good as none', () => {
  writeDevRecord(home, { ...dev, pid: 'x' as unknown as number });
  expect(readDevRecord(home)).toBeUndefined();
  removeDevRecord(home);
  removeDevRecord(home);
});
