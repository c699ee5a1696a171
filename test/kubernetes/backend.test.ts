import { expect, test } from 'vitest';
import { never, sh } from '../support/backend-harness.ts';
import { backendContract } from '../support/backend-contract.ts';
import { kubernetesHarness } from '../support/kubernetes-harness.ts';
import { recordingSink } from '../support/recording-sink.ts';

backendContract('kubernetes, on a real node', () => kubernetesHarness());

test('a job is given secrets of its namespace, which the agent has no right to read', { timeout: 60_000 }, async () => {
  const { backend, namespace, attempt, cleanup } = await kubernetesHarness();
  try {
    const path = `/api/v1/namespaces/${namespace.name}/secrets`;
    const body = { metadata: { name: 'any' }, stringData: { value: 'of-the-cluster' } };
    await namespace.admin.send({ method: 'POST', path, body, signal: never });
    const secrets = { TOKEN: { as: 'file' as const, value: '' }, KEY: { as: 'env' as const, value: '' } };
    const wanted = attempt({ command: sh('cat $TOKEN_FILE; echo " $TOKEN$KEY$KEY_FILE"'), secrets });
    const read = { ...wanted, secrets: () => Promise.reject(new Error('the agent reads none')) };
    await backend.submit(read, never);
    const sink = recordingSink();
    expect(await backend.follow(wanted.ref, sink, never)).toMatchObject({ kind: 'succeeded' });
    expect(sink.texts('stdout')).toEqual(['of-the-cluster of-the-cluster']);
  } finally {
    await cleanup();
  }
});
