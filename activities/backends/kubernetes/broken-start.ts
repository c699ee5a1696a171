import type { FailureCause } from '../../../contracts/outcome.ts';
import { annotation } from './labels.ts';
import { statusesOf, type Pod } from './objects.ts';

/** A container that the kubelet cannot start: it tries again and again, and would for ever. */
export interface BrokenStart {
  cause: FailureCause;
  /** The kubelet's words, and for an image whose account it was. */
  message: string;
  /** The registry that the agent's own credentials were for. */
  pulledFrom?: string;
  node: string | undefined;
  /** It passes by itself within this, or not at all. */
  patienceMs: number;
}

/** A registry that is away for a moment, a secret that is about to come; a queue may say another time. */
function patientMs({ metadata }: Pod): number {
  const said = metadata.annotations?.[annotation.startToleration] ?? '';
  return /^\d+$/.test(said) ? Number(said) * 1_000 : 120_000;
}

/** What does not depend on anybody else. */
const hopelessMs = (): number => 5_000;

/** @see https://github.com/kubernetes/kubernetes/blob/v1.34.4/pkg/kubelet/images/types.go, and kubelet/container/sync_result.go */
const reasons = new Map<string, readonly [FailureCause, (pod: Pod) => number]>([
  ['ErrImagePull', ['image-pull', patientMs]],
  ['ImagePullBackOff', ['image-pull', patientMs]],
  ['RegistryUnavailable', ['image-pull', patientMs]],
  ['ImageInspectError', ['image-pull', patientMs]],
  ['SignatureValidationFailed', ['image-pull', patientMs]],
  ['ErrImageNeverPull', ['image-pull', hopelessMs]],
  ['InvalidImageName', ['invalid-config', hopelessMs]],
  ['CreateContainerConfigError', ['invalid-config', patientMs]],
  ['CreateContainerError', ['invalid-config', patientMs]],
]);

/** The first of the pods' containers that does not start. */
export function brokenStart(pods: readonly Pod[]): BrokenStart | undefined {
  for (const pod of pods) {
    if (pod.metadata.deletionTimestamp !== undefined) continue;
    for (const { name, state } of statusesOf(pod)) {
      const { reason = '', message = '' } = state?.waiting ?? {};
      const known = reasons.get(reason);
      if (known === undefined) continue;
      const [cause, patienceMsOf] = known;
      const words = `container ${name}: ${reason}${message === '' ? '' : `: ${message}`}`;
      const broken = { cause, message: words, node: pod.spec?.nodeName, patienceMs: patienceMsOf(pod) };
      return cause === 'image-pull' ? { ...broken, ...pullOf(pod, words) } : broken;
    }
  }
  return undefined;
}

function pullOf({ metadata, spec }: Pod, words: string): Pick<BrokenStart, 'message' | 'pulledFrom'> {
  const [, account, host] = /^(.*)@([^@]+)$/.exec(metadata.annotations?.[annotation.pulledAs] ?? '') ?? [];
  if (account !== undefined && host !== undefined)
    return { message: `${words}; pulled as "${account}", the agent's account at ${host}`, pulledFrom: host };
  const names = (spec?.imagePullSecrets ?? []).flatMap(({ name }) => (name === undefined ? [] : [name]));
  return { message: names.length === 0 ? words : `${words}; pulled with imagePullSecrets ${names.join(', ')}` };
}
