/** What we read of Kubernetes' objects, as JSON has them: times are RFC 3339 with a resolution of one second. */

export interface Metadata {
  name: string;
  uid: string;
  namespace?: string;
  resourceVersion?: string;
  creationTimestamp?: string;
  /** At first: when the grace period ends. The kubelet's last word rewrites it, so only the first one seen tells when somebody asked. */
  deletionTimestamp?: string;
  deletionGracePeriodSeconds?: number;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  finalizers?: string[];
}

export interface Condition {
  type: string;
  status: string;
  reason?: string;
  message?: string;
  lastTransitionTime?: string;
}

export interface Terminated {
  exitCode: number;
  reason?: string;
  message?: string;
  /** Null where no container ever ran. */
  startedAt?: string | null;
  finishedAt?: string | null;
}

export interface ContainerStatus {
  name: string;
  image?: string;
  state?: {
    waiting?: { reason?: string; message?: string };
    running?: { startedAt?: string };
    terminated?: Terminated;
  };
}

export interface Pod {
  metadata: Metadata;
  spec?: {
    nodeName?: string;
    terminationGracePeriodSeconds?: number;
    containers?: { name: string; image?: string }[];
    initContainers?: { name: string }[];
    imagePullSecrets?: { name?: string }[];
  };
  status?: {
    phase?: string;
    reason?: string;
    message?: string;
    conditions?: Condition[];
    containerStatuses?: ContainerStatus[];
    initContainerStatuses?: ContainerStatus[];
  };
}

export interface Job {
  metadata: Metadata;
  spec?: {
    suspend?: boolean;
    parallelism?: number;
    completions?: number;
    backoffLimit?: number;
  };
  status?: { conditions?: Condition[]; active?: number };
}

export interface ClusterEvent {
  reason?: string;
  message?: string;
  involvedObject?: { kind?: string; name?: string; uid?: string };
  /** One of these says when; which one depends on who wrote it. */
  eventTime?: string | null;
  firstTimestamp?: string | null;
  lastTimestamp?: string | null;
}

export interface Node {
  metadata: Metadata;
  status?: { conditions?: Condition[] };
}

export const isTerminal = ({ status }: Pod): boolean => status?.phase === 'Succeeded' || status?.phase === 'Failed';

/** The condition of this type, if it is True. */
export const holds = (conditions: readonly Condition[] | undefined, type: string): Condition | undefined =>
  conditions?.find((one) => one.type === type && one.status === 'True');

/** When a container began to run. A runtime that could not start it says 1970, one that never tried says null. */
export function startOf({ state }: ContainerStatus): string | undefined {
  const startedAt = state?.running?.startedAt ?? state?.terminated?.startedAt ?? undefined;
  return startedAt === undefined || Date.parse(startedAt) <= 0 ? undefined : startedAt;
}

/** Of all its containers, those that prepare it first. */
export const statusesOf = ({ status }: Pod): ContainerStatus[] => [
  ...(status?.initContainerStatuses ?? []),
  ...(status?.containerStatuses ?? []),
];
