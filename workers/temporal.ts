import { Client, Connection } from '@temporalio/client';
import type { DataConverter, PayloadCodec } from '@temporalio/common';
import { NativeConnection, type NativeConnectionOptions } from '@temporalio/worker';
import { failureConverterPath, payloadConverterPath } from './bundle.ts';

/** How to reach Temporal, for clients and workers alike. */
export type TemporalAddress = Pick<NativeConnectionOptions, 'address' | 'tls' | 'apiKey' | 'metadata'> & {
  /** What payloads go through. It throws for what it cannot read. Default: they are as they are. */
  codec?: (PayloadCodec & { readonly encrypts: boolean }) | undefined;
};

/** Both connections that a worker process needs: the client's for messages, the native one for polls. */
export async function connectTemporal(
  temporal: TemporalAddress,
  namespace: string,
): Promise<{ client: Client; connection: NativeConnection; close(): Promise<void> }> {
  const { metadata, codec, ...rest } = temporal;
  const common = { ...rest, ...(metadata === undefined ? {} : { metadata: metadata as Record<string, string> }) };
  const dataConverter = { payloadCodecs: codec === undefined ? [] : [codec] };
  const client = new Client({ connection: await Connection.connect(common), namespace, dataConverter });
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

/**
 * How activities are asked and answer. What its codec cannot read fails the task, which is tried again: it waits for an agent that has the
 * key, and is not refused by one that has not.
 */
export const activityConverter = ({ codec }: TemporalAddress): DataConverter => ({
  payloadConverterPath,
  ...(codec === undefined ? {} : { payloadCodecs: [codec] }),
  ...(codec?.encrypts ? { failureConverterPath } : {}),
});

/** The same for workflows, of which nothing may fail a task: what cannot be read stays as it is, and the converter makes a value of it. */
export const workflowConverter = (temporal: TemporalAddress): DataConverter => {
  const { codec } = temporal;
  if (codec === undefined) return activityConverter(temporal);
  const tolerant: PayloadCodec = {
    encode: codec.encode,
    decode: async (payloads) =>
      (await Promise.all(payloads.map((each) => codec.decode([each]).catch(() => [each])))).flat(),
  };
  return { ...activityConverter(temporal), payloadCodecs: [tolerant] };
};
