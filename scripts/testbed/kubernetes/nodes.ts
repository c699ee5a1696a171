import { z } from 'zod';
import type { Api } from './api.ts';

const nodeList = z.object({
  items: z.array(
    z.object({
      metadata: z.object({ name: z.string() }),
      status: z.object({ conditions: z.array(z.object({ type: z.string(), status: z.string() })).default([]) }),
    }),
  ),
});

/** The nodes of a cluster by name, and whether each is ready. */
export async function nodesOf(api: Api): Promise<ReadonlyMap<string, boolean>> {
  const { items } = nodeList.parse(JSON.parse(await api.get('/api/v1/nodes')));
  return new Map(
    items.map(({ metadata, status }) => [
      metadata.name,
      status.conditions.some(({ type, status }) => type === 'Ready' && status === 'True'),
    ]),
  );
}
