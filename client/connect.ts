import { Client, Connection } from '@temporalio/client';
import { openStore } from '../store/open-store.ts';
import type { Store } from '../store/store.ts';
import { ClientError } from './errors.ts';
import type { Settings } from './settings.ts';

export { readSettings, type Settings } from './settings.ts';

/** A connection to one entity: its runs in Temporal, its queues and logs in the store. */
export interface Relaunch {
  readonly settings: Settings;
  readonly temporal: Client;
  readonly store: Store;
  close(): Promise<void>;
}

const connectTimeoutMs = 5_000;

/** @throws ClientError temporal-unreachable */
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

async function reach({ temporal }: Settings): Promise<Connection> {
  const { address, tls, apiKey, metadata } = temporal;
  try {
    return await Connection.connect({
      address,
      connectTimeout: connectTimeoutMs,
      ...(tls === undefined ? {} : { tls }),
      ...(apiKey === undefined ? {} : { apiKey }),
      ...(metadata === undefined ? {} : { metadata }),
    });
  } catch (cause) {
    throw new ClientError(
      'temporal-unreachable',
      `nothing answers at ${address} as a Temporal server. Start \`relaunch dev\`, or set TEMPORAL_ADDRESS to where one is.`,
      { cause },
    );
  }
}
