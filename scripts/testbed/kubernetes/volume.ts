import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Kubectl } from './kubectl.ts';

export interface Volume {
  /** Where this machine has it. */
  directory: string;
  /** After the namespace's own end. */
  remove(): Promise<void>;
}

/** A directory of this machine, which is the real node, as a claim of a namespace: whoever runs there may write into it. */
export async function provideVolume(kubectl: Kubectl, namespace: string, claimName: string): Promise<Volume> {
  const directory = await mkdtemp(join(tmpdir(), 'relaunch-volume-'));
  await chmod(directory, 0o777);
  const capacity = { storage: '1Gi' };
  const spec = { accessModes: ['ReadWriteMany'], storageClassName: '' };
  await kubectl.apply(namespace, [
    {
      apiVersion: 'v1',
      kind: 'PersistentVolume',
      metadata: { name: namespace },
      spec: { ...spec, capacity, hostPath: { path: directory }, claimRef: { namespace, name: claimName } },
    },
    {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name: claimName },
      spec: { ...spec, volumeName: namespace, resources: { requests: capacity } },
    },
  ]);
  return {
    directory,
    remove: async () => {
      await kubectl.run('delete', 'persistentvolume', namespace, '--ignore-not-found', '--wait=false');
      await rm(directory, { recursive: true, force: true });
    },
  };
}
