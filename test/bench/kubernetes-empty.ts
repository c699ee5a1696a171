import { atMost } from '../../activities/at-most.ts';
import { never } from '../support/backend-harness.ts';
import type { TestNamespace } from '../support/kubernetes-cluster.ts';
import { until } from '../support/until.ts';

const writers = 16;

/** Removes all Jobs and pods of a namespace, whatever holds them back, and resolves when they are gone. */
export async function emptyNamespace(namespace: TestNamespace): Promise<void> {
  const { admin, name } = namespace;
  const jobsPath = `/apis/batch/v1/namespaces/${name}/jobs`;
  const podsPath = `/api/v1/namespaces/${name}/pods`;
  const remove = (path: string): Promise<unknown> => {
    const body = { gracePeriodSeconds: 0, propagationPolicy: 'Background' };
    return admin.find({ method: 'DELETE', path, body, signal: never });
  };
  const look = async (): Promise<boolean> => {
    await remove(jobsPath);
    const pods = await namespace.pods();
    const writing = atMost(writers);
    const letGo = pods.map(({ metadata }) =>
      writing(() => {
        const path = `${podsPath}/${metadata.name}`;
        return admin.find({ method: 'PATCH', path, body: { metadata: { finalizers: null } }, signal: never });
      }),
    );
    await Promise.all(letGo);
    await remove(podsPath);
    return pods.length === 0 && (await namespace.jobs()).length === 0;
  };
  await until(`namespace ${name} is empty`, look, 120_000, 500);
}
