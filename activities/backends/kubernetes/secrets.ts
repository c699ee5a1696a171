import type { Plan } from '../../../contracts/plan.ts';
import type { SecretReference } from '../../../contracts/secret-reference.ts';
import { fileVariables, secretsMount } from '../given-secrets.ts';

type Map = Record<string, unknown>;

const volumeName = 'relaunch-secrets';

/** Of a Secret that is named without one. */
const defaultKey = 'value';

/** What a pod says of the secrets of its run: references to those of its namespace, which the kubelet looks up. */
export interface PodSecrets {
  /** Of the main container. */
  env: Map[];
  volumes: Map[];
  volumeMounts: Map[];
}

export function podSecrets(secrets: Plan['secrets'] = {}): PodSecrets {
  const all = Object.entries(secrets);
  const files = all.filter(([, { as }]) => as === 'file');
  const paths = fileVariables(
    files.map(([variable]) => variable),
    secretsMount,
  );
  const texts = all.filter(([, { as }]) => as === 'env');
  const env = [
    ...Object.entries(paths).map(([name, value]) => ({ name, value })),
    ...texts.map(([name, reference]) => ({ name, valueFrom: { secretKeyRef: keyOf(reference) } })),
  ];
  if (files.length === 0) return { env, volumes: [], volumeMounts: [] };
  const sources = files.map(([path, reference]) => {
    const { name, key } = keyOf(reference);
    return { secret: { name, items: [{ key, path }] } };
  });
  return {
    env,
    volumes: [{ name: volumeName, projected: { sources } }],
    volumeMounts: [{ name: volumeName, mountPath: secretsMount, readOnly: true }],
  };
}

function keyOf({ secret }: SecretReference): { name: string; key: string } {
  const [name = '', key = defaultKey] = secret.split('/');
  return { name, key };
}
