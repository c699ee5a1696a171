import { Client, Connection } from '@temporalio/client';
import { NativeConnection, type NativeConnectionOptions } from '@temporalio/worker';

/** How to reach Temporal, for clients and workers alike. */
export type TemporalAddress = Pick<NativeConnectionOptions, 'address' | 'tls' | 'apiKey' | 'metadata'>;

/** Both connections that a worker process needs: the client's for messages, the native one for polls. */
export async function connectTemporal(
  temporal: TemporalAddress,
  namespace: string,
): Promise<{ client: Client; connection: NativeConnection; close(): Promise<void> }> {
  const { metadata, ...rest } = temporal;
  const common = { ...rest, ...(metadata === undefined ? {} : { metadata: metadata as Record<string, string> }) };
  const client = new Client({ connection: await Connection.connect(common), namespace });
  const connection = await NativeConnection.connect(common);
  return {
    client,
    connection,
    close: async () => {
      await connection.close();
      await client.connection.close();
    },
  };
}
