import type { KubeConfig } from '@kubernetes/client-node';
import { RelaunchError } from '../../../contracts/failures.ts';
import { KubernetesApi } from './api.ts';
import type { KubernetesPoint } from './code-volumes.ts';
import { Place } from './place.ts';
import type { PullSecretsOptions } from './pull-secrets.ts';
import { parseKubernetesArgs } from './queue-args.ts';

export interface KubernetesOptions {
  /** Path of a kubeconfig. Default: KUBECONFIG, ~/.kube/config, or the cluster that this pod is in. */
  kubeconfig?: string | undefined;
  /** Default: the kubeconfig's current one. */
  context?: string | undefined;
  /** Where attempts may be. Default: wherever queues say. */
  namespaces?: readonly string[] | undefined;
  /** The id of the Temporal namespace: of all that is ours. */
  owner: string;
  /** What pods pull with the agent's credentials. Default: nothing. */
  pullSecrets?: Omit<PullSecretsOptions, 'owner'>;
  /** Where the agent has volumes that code is mounted from, by `namespace/claim` or `claim`. Default: it has none. */
  code?: Readonly<Record<string, string>> | undefined;
  /** Called after each step of putting code there: fault tests die there. */
  reached?: ((point: KubernetesPoint) => Promise<void>) | undefined;
  /** A watch that failed and is tried again. */
  failed?: (error: unknown) => void;
  /** Something of an attempt changed: what Backend.list says may be different now. */
  changed?: () => void;
}

/** The namespaces of clusters that this agent works in, each with its watches from the first time it is needed. */
export class Clusters {
  readonly #options: KubernetesOptions;
  readonly #apis = new Map<string, Promise<{ api: KubernetesApi; namespace: string }>>();
  readonly #opened = new Map<string, Promise<Place>>();
  readonly #places: Place[] = [];

  constructor(options: KubernetesOptions) {
    this.#options = options;
  }

  /** The name of the place of a queue's attempts: `namespace@context`, each empty where the queue leaves it to the agent. */
  placeOf(resourceArgs: unknown): string {
    const { namespace, context, metadata } = parseKubernetesArgs(resourceArgs);
    return `${namespace ?? metadata?.namespace ?? ''}@${context ?? ''}`;
  }

  /** @throws RelaunchError AttemptRefused where there is no such context, or the agent may not work there */
  at(name = '@'): Promise<Place> {
    return once(this.#opened, name, () => this.#open(name));
  }

  /** Those that were needed so far. */
  get places(): readonly Place[] {
    return this.#places;
  }

  close(): void {
    for (const place of this.#places) {
      place.close();
      place.api.close();
    }
  }

  async #open(name: string): Promise<Place> {
    const [namespaceName = '', ...context] = name.split('@');
    const { api, namespace: own } = await this.#api(context.join('@') || this.#options.context);
    const namespace = namespaceName || own;
    const { namespaces, owner, failed, changed } = this.#options;
    if (namespaces !== undefined && !namespaces.includes(namespace)) {
      throw refused(
        `namespace "${namespace}" is none of this agent's: kubernetes.namespaces are ${namespaces.join(', ')}`,
      );
    }
    const place = new Place({ api, name, namespace, owner, failed, changed });
    this.#places.push(place);
    return place;
  }

  #api(context: string | undefined): Promise<{ api: KubernetesApi; namespace: string }> {
    return once(this.#apis, context ?? '', async () => {
      const config = await this.#load();
      if (context !== undefined) {
        const names = config.getContexts().map(({ name }) => name);
        if (!names.includes(context)) {
          throw refused(`there is no context "${context}" in the kubeconfig, only ${names.join(', ')}`);
        }
        config.setCurrentContext(context);
      }
      const { server, skipTLSVerify } = config.getCurrentCluster() ?? {};
      // Without any configuration client-node speaks of http://localhost:8080, as kubectl once did.
      if (server === undefined || (server.startsWith('http:') && skipTLSVerify !== true)) {
        throw refused("there is no cluster: name a kubeconfig in KUBECONFIG, or in the agent's file");
      }
      const namespace = config.getContextObject(config.getCurrentContext())?.namespace ?? 'default';
      return { api: new KubernetesApi(config, server), namespace };
    });
  }

  async #load(): Promise<KubeConfig> {
    // A thousand files: agents without such a queue do without them.
    const { KubeConfig } = await import('@kubernetes/client-node');
    const config = new KubeConfig();
    const { kubeconfig } = this.#options;
    try {
      if (kubeconfig === undefined) config.loadFromDefault();
      else config.loadFromFile(kubeconfig);
    } catch (cause) {
      throw refused(`the kubeconfig ${kubeconfig ?? ''} cannot be read: ${String(cause)}`, cause);
    }
    return config;
  }
}

/** What was made under a name, made once; one that failed is made anew. */
function once<T>(made: Map<string, Promise<T>>, name: string, make: () => Promise<T>): Promise<T> {
  const known = made.get(name);
  if (known !== undefined) return known;
  const making = make();
  made.set(name, making);
  making.catch(() => made.delete(name));
  return making;
}

const refused = (message: string, cause?: unknown): RelaunchError =>
  new RelaunchError('AttemptRefused', `kubernetes: ${message}`, { cause });
