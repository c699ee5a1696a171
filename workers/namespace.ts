import type { Client } from '@temporalio/client';
import { optionalTsToMs } from '@temporalio/common/lib/time.js';

/** What the server says of a namespace. */
export interface NamespaceFacts {
  /** Tells it from one of the same name on another server. */
  id: string;
  /** How long closed workflows are kept. */
  retentionMs: number;
}

export async function describeNamespace(client: Client, namespace: string): Promise<NamespaceFacts> {
  const { namespaceInfo, config } = await client.workflowService.describeNamespace({ namespace });
  return {
    id: namespaceInfo?.id ?? '',
    retentionMs: optionalTsToMs(config?.workflowExecutionRetentionTtl) ?? 0,
  };
}
