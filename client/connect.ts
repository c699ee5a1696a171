import { Client, Connection } from '@temporalio/client';
import { openStore } from '../store/open-store.ts';
import type { Store } from '../store/store.ts';
import { ClientError } from './errors.ts';
import type { Settings } from './settings.ts';
import { asking } from './temporal-errors.ts';
import { whyUnreachable } from './why-unreachable.ts';

export { readSettings, type Settings } from './settings.ts';

/** A connection to one entity: its runs in Temporal, its queues and logs in the store. */
export interface Relaunch {
  readonly settings: Settings;
  readonly temporal: Client;
  readonly store: Store;
  close(): Promise<void>;
}

const connectTimeoutMs = 5_000;

/** @throws ClientError temporal-unreachable, temporal-refused */
export async function connect(settings: Settings): Promise<Relaunch> {
  const store = openStore(settings.storeUrl, settings.queueDirectory);
  const connection = await reach(settings);
  const { codec } = settings.temporal;
  return {
    settings,
    store,
    temporal: new Client({
      connection,
      namespace: settings.entity,
      dataConverter: { payloadCodecs: codec === undefined ? [] : [codec] },
    }),
    close: () => connection.close(),
  };
}

/** Whether Temporal lets us into the entity, which a connection does not tell. @throws ClientError temporal-refused */
export async function checkAccess({ settings, temporal }: Relaunch): Promise<void> {
  await asking(settings, undefined, () => temporal.workflowService.describeNamespace({ namespace: settings.entity }));
}

async function reach(settings: Settings): Promise<Connection> {
  const { address, tls, apiKey, metadata } = settings.temporal;
  const connection = Connection.lazy({
    address,
    connectTimeout: connectTimeoutMs,
    ...(tls === undefined ? {} : { tls }),
    ...(apiKey === undefined ? {} : { apiKey }),
    ...(metadata === undefined ? {} : { metadata }),
  });
  try {
    await asking(settings, undefined, () => connection.ensureConnected());
    return connection;
  } catch (cause) {
    await connection.close();
    if (cause instanceof ClientError && cause.code === 'temporal-refused') throw cause;
    throw new ClientError('temporal-unreachable', await unreachable(settings), { cause });
  }
}

async function unreachable({ temporal, credentials = 'nobody in particular' }: Settings): Promise<string> {
  const [{ address, tls }, why] = [temporal, await whyUnreachable(temporal)];
  return tls
    ? `nothing answers at ${address} as a Temporal server over TLS (${why}). Set TEMPORAL_ADDRESS and TEMPORAL_TLS_* as it wants them (docs/access.md); you asked as ${credentials}.`
    : `nothing answers at ${address} as a Temporal server (${why}). Start \`relaunch dev\`, or set TEMPORAL_ADDRESS to where one is.`;
}
