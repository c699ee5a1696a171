import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { never } from './backend-harness.ts';
import type { TestNamespace } from './kubernetes-cluster.ts';

export interface Volume {
  /** Where this machine has it. */
  directory: string;
  /** After the namespace's own end. */
  remove(): Promise<void>;
}

/** A directory of this machine, which is the real node, as a claim of a namespace: whoever runs there may write into it. */
export async function provideVolume({ admin, name }: TestNamespace, claimName: string): Promise<Volume> {
  const directory = await mkdtemp(join(tmpdir(), 'relaunch-volume-'));
  await chmod(directory, 0o777);
  const capacity = { storage: '1Gi' };
  const spec = { accessModes: ['ReadWriteMany'], storageClassName: '' };
  await admin.send({
    method: 'POST',
    path: '/api/v1/persistentvolumes',
    body: {
      metadata: { name },
      spec: { ...spec, capacity, hostPath: { path: directory }, claimRef: { namespace: name, name: claimName } },
    },
    signal: never,
  });
  await admin.send({
    method: 'POST',
    path: `/api/v1/namespaces/${name}/persistentvolumeclaims`,
    body: { metadata: { name: claimName }, spec: { ...spec, volumeName: name, resources: { requests: capacity } } },
    signal: never,
  });
  return {
    directory,
    remove: async () => {
      await admin.find({ method: 'DELETE', path: `/api/v1/persistentvolumes/${name}`, signal: never });
      admin.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
