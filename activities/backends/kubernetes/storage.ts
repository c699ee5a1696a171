import { codePath } from '../../images/mounted-source.ts';
import type { AttemptRef } from '../backend.ts';
import type { KubernetesArgs } from './queue-args.ts';

/** Code on a volume of the queue's, for an image that is not made of it. */
export interface MountedCode {
  /** On the volume. */
  subPath: string;
  /** Absolute. */
  workingDir: string;
  warnings: readonly string[];
}

interface Volume {
  name?: unknown;
  persistentVolumeClaim?: { claimName?: unknown } | null;
}

interface Storage {
  /** Of the pod, besides those of the manifest. */
  volumes: Volume[];
  /** Of its main container. */
  mounts: object[];
}

/** What of the queue's claims the main container gets. `given`: the volumes of the manifest. */
export function storageOf(
  { entity, run }: AttemptRef,
  { checkpoints, code: volume }: KubernetesArgs,
  code: MountedCode | undefined,
  given: readonly unknown[],
): Storage {
  const volumes: Volume[] = [];
  const mounts: object[] = [];
  /** A pod that has one claim in two volumes never starts, and nothing says why. */
  const volumeOf = (claimName: string, name: string, more: object): unknown => {
    const known = [...given, ...volumes].find((one) => claimOf(one) === claimName) as Volume | undefined;
    if (known !== undefined) return known.name;
    volumes.push({ name, persistentVolumeClaim: { claimName, ...more } });
    return name;
  };
  if (checkpoints !== undefined) {
    const name = volumeOf(checkpoints.claimName, 'relaunch-checkpoints', {});
    mounts.push({ name, mountPath: checkpoints.mountPath, subPath: `${checkpoints.subPath}/${entity}/${run}` });
  }
  if (code !== undefined && volume !== undefined) {
    // On a volume that is mounted read-only a kubelet can change no owners for an fsGroup, and make no empty directory where code is gone.
    const name = volumeOf(volume.claimName, 'relaunch-code', { readOnly: true });
    mounts.push({ name, mountPath: codePath, subPath: code.subPath, readOnly: true });
  }
  return { volumes, mounts };
}

const claimOf = (volume: unknown): unknown => (volume as Volume | null | undefined)?.persistentVolumeClaim?.claimName;
