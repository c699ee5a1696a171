import { homedir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { loadClientConnectConfig, type ClientConnectConfig } from '@temporalio/envconfig';
import { labelValue } from '../contracts/names.ts';
import { isAlive } from '../store/process-alive.ts';
import { readDevRecord, type DevRecord } from './dev-record.ts';
import { ClientError } from './errors.ts';
import type { PayloadCipher } from './payload-cipher.ts';
import { payloadCipherOf } from './payload-keys.ts';
import { credentialsOf } from './temporal-credentials.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** How to reach Temporal: what both the client's and the worker's connection take. */
export type TemporalOptions = ClientConnectConfig['connectionOptions'] & {
  address: string;
  /** What payloads go through: RELAUNCH_CODEC_KEY_FILE. Default: they are as they are. */
  codec?: PayloadCipher | undefined;
};

/** Where everything is. */
export interface Settings {
  /** Our directory on this machine: RELAUNCH_HOME, default `relaunch` under XDG_STATE_HOME or `~/.local/state`. */
  home: string;
  /** The team, a namespace of Temporal: `--entity`, else TEMPORAL_NAMESPACE or the profile's, else that of `relaunch dev`, else `default`. */
  entity: string;
  /** From Temporal's own variables and profile file; where these name no address, that of a living `relaunch dev`, else localhost:7233. */
  temporal: TemporalOptions;
  /** Who we are to Temporal, in words: nothing secret. Default: nobody in particular. */
  credentials?: string | undefined;
  /** RELAUNCH_STORE, default a directory under `home`. */
  storeUrl: string;
  /** RELAUNCH_QUEUES: a directory of queues that come before those of the store. */
  queueDirectory?: string | undefined;
  /** Of the Web UI, without a slash at the end: RELAUNCH_UI, else that of `relaunch dev`. Undefined: not known. */
  uiUrl: string | undefined;
}

/**
 * Reads the settings from an environment; `overrides` are what flags say.
 * @throws ClientError bad-input
 */
export function readSettings(env: Environment, overrides: { entity?: string | undefined } = {}): Settings {
  const home = homeOf(env);
  const { connectionOptions, namespace } = temporalConfig(env);
  const dev = connectionOptions.address === undefined ? livingDev(home) : undefined;
  const entity = labelValue.safeParse(overrides.entity ?? namespace ?? dev?.namespace ?? 'default');
  if (!entity.success) {
    const found = JSON.stringify(overrides.entity ?? namespace);
    throw new ClientError('bad-input', `the entity is ${found}: ${entity.error.issues[0]?.message ?? ''}`);
  }
  return {
    home,
    entity: entity.data,
    temporal: {
      ...connectionOptions,
      address: connectionOptions.address ?? dev?.address ?? 'localhost:7233',
      codec: payloadCipherOf(env['RELAUNCH_CODEC_KEY_FILE'] || undefined),
    },
    credentials: credentialsOf(env, connectionOptions),
    storeUrl: env['RELAUNCH_STORE'] || pathToFileURL(join(home, 'store', entity.data)).href,
    queueDirectory: env['RELAUNCH_QUEUES'] || undefined,
    uiUrl: (env['RELAUNCH_UI'] || dev?.uiUrl)?.replace(/\/+$/, ''),
  };
}

function homeOf(env: Environment): string {
  if (env['RELAUNCH_HOME']) return env['RELAUNCH_HOME'];
  return join(env['XDG_STATE_HOME'] || join(env['HOME'] || homedir(), '.local', 'state'), 'relaunch');
}

function livingDev(home: string): DevRecord | undefined {
  const dev = readDevRecord(home);
  return dev !== undefined && isAlive(dev.pid) ? dev : undefined;
}

/** Without the keys that are undefined, which some connections would take for settings. */
function temporalConfig(env: Environment): ClientConnectConfig {
  const overrideEnvVars = Object.fromEntries(
    Object.entries(env).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])),
  );
  try {
    const { connectionOptions, namespace } = loadClientConnectConfig({ overrideEnvVars });
    const set = Object.fromEntries(Object.entries(connectionOptions).filter(([, value]) => value !== undefined));
    return { connectionOptions: set, ...(namespace ? { namespace } : {}) };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ClientError(
      'bad-input',
      `Temporal's settings (TEMPORAL_* variables, temporal.toml) cannot be used: ${reason}`,
      { cause },
    );
  }
}
