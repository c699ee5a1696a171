import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { jobOf, tombstoneOf } from '../../activities/backends/kubernetes/job-manifest.ts';
import { finalizer } from '../../activities/backends/kubernetes/labels.ts';
import { literal } from '../../activities/backends/kubernetes/literal.ts';
import { checkKubernetesArgs, parseKubernetesArgs } from '../../activities/backends/kubernetes/queue-args.ts';
import { jobEnvironment } from '../../contracts/environment.ts';
import { RelaunchError } from '../../contracts/failures.ts';
import type { Plan } from '../../contracts/plan.ts';
import { failsAs } from '../support/fails-as.ts';
import { attemptOf } from '../support/process-attempts.ts';

const image = 'registry.example/team/train:v3';

type Map = Record<string, unknown>;
type Env = { name: string; value?: string; valueFrom?: unknown }[];

interface Container {
  name: string;
  env?: Env;
  volumeMounts?: Map[];
  [key: string]: unknown;
}

interface JobManifest {
  apiVersion: string;
  kind: string;
  metadata: {
    name: string;
    labels: Record<string, string>;
    annotations: Record<string, string>;
    [key: string]: unknown;
  };
  spec: {
    template: {
      metadata: { labels: Record<string, string>; annotations: Record<string, string>; finalizers: string[] };
      spec: {
        containers: Container[];
        initContainers?: Container[];
        tolerations: Map[];
        volumes?: Map[];
        [key: string]: unknown;
      };
    };
    [key: string]: unknown;
  };
}

const { plan: somePlan } = attemptOf({ command: [], run: 'digits' });

function attempt(plan: Partial<Plan> = {}, n = 2) {
  return {
    ref: { entity: 'team', run: 'digits', attempt: n, uid: 'cafe' },
    agent: 'laptop',
    plan: { ...somePlan, backend: 'kubernetes', source: { image }, ...plan },
  };
}

/** The Job of a queue with these arguments, as admins write them. */
const made = (args: unknown, plan: Partial<Plan> = {}, n?: number): JobManifest =>
  jobOf(attempt(plan, n), parseKubernetesArgs(args), 'owner-1') as unknown as JobManifest;

test('with credentials of the agent the pod pulls with them before those of the queue, and says whose they are', () => {
  const pull = { name: 'relaunch-registry-registry.example', account: 'ada', host: 'registry.example' };
  const args = parseKubernetesArgs({ spec: { template: { spec: { imagePullSecrets: [{ name: 'own' }] } } } });
  const job = jobOf(attempt(), args, 'owner-1', { pull }) as unknown as JobManifest;
  expect(podOf(job)['imagePullSecrets']).toEqual([{ name: pull.name }, { name: 'own' }]);
  for (const { annotations } of [job.metadata, job.spec.template.metadata])
    expect(annotations).toMatchObject({ 'relaunch.dev/pulled-as': 'ada@registry.example' });
  const without = jobOf(attempt(), args, 'owner-1') as unknown as JobManifest;
  expect(podOf(without)['imagePullSecrets']).toEqual([{ name: 'own' }]);
  expect(without.metadata.annotations).not.toHaveProperty(['relaunch.dev/pulled-as']);
});

test('how long what does not start is tried for stands at the pod where its queue says so', () => {
  const said = 'relaunch.dev/start-toleration-seconds';
  const { annotations } = made({ startTolerationSeconds: 15 }).spec.template.metadata;
  expect(annotations).toMatchObject({ [said]: '15' });
  expect(made({}).spec.template.metadata.annotations).not.toHaveProperty([said]);
});

const podOf = ({ spec }: JobManifest) => spec.template.spec;
const mainOf = (job: JobManifest): Container => podOf(job).containers[0] ?? { name: '' };
const envOf = ({ env = [] }: Container): Record<string, unknown> =>
  Object.fromEntries(env.map(({ name, value, valueFrom }) => [name, value ?? valueFrom]));

const hardening = {
  allowPrivilegeEscalation: false,
  capabilities: { drop: ['ALL'] },
  seccompProfile: { type: 'RuntimeDefault' },
};

const ourLabels = {
  'relaunch.dev/run': 'digits',
  'relaunch.dev/attempt': '2',
  'relaunch.dev/attempt-uid': 'cafe',
  'relaunch.dev/queue': 'queue',
  'relaunch.dev/agent': 'laptop',
  'relaunch.dev/entity': 'team',
  'relaunch.dev/owner': 'owner-1',
};

const failurePolicy = {
  rules: [{ action: 'FailJob', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] }],
};

const nodeLoss = (tolerationSeconds: number) =>
  ['node.kubernetes.io/unreachable', 'node.kubernetes.io/not-ready'].map((key) => ({
    key,
    operator: 'Exists',
    effect: 'NoExecute',
    tolerationSeconds,
  }));

test('a queue that says nothing has Jobs with everything that they need', () => {
  const main = { 'relaunch.dev/main-container': 'main' };
  expect(made(undefined)).toEqual({
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: 'digits-a2', labels: ourLabels, annotations: main },
    spec: {
      backoffLimit: 0,
      podReplacementPolicy: 'Failed',
      podFailurePolicy: failurePolicy,
      template: {
        metadata: { labels: ourLabels, annotations: main, finalizers: ['relaunch.dev/observed'] },
        spec: {
          automountServiceAccountToken: false,
          restartPolicy: 'Never',
          terminationGracePeriodSeconds: 1,
          tolerations: nodeLoss(30),
          containers: [
            {
              name: 'main',
              image,
              securityContext: hardening,
              env: Object.entries(jobEnvironment({ plan: attempt().plan, attempt: 2, checkpointDir: undefined })).map(
                ([name, value]) => ({ name, value }),
              ),
            },
          ],
        },
      },
    },
  });
});

test('a trial carries its sweep', () => {
  const job = made({}, { sweep: 'sweep-7' });
  expect(job.metadata.labels).toMatchObject({ 'relaunch.dev/sweep': 'sweep-7' });
  expect(job.spec.template.metadata.labels).toMatchObject({ 'relaunch.dev/sweep': 'sweep-7' });
});

describe('the manifest of a queue', () => {
  const labels = { team: 'vision', 'relaunch.dev/run': 'forged', 'relaunch.dev/owner': 'forged' };
  const annotations = { note: 'x', 'relaunch.dev/main-container': 'forged' };
  const podSpec = {
    priorityClassName: 'batch',
    serviceAccountName: 'trainer',
    automountServiceAccountToken: true,
    nodeSelector: { gpu: 'a100' },
    containers: [{ name: 'train', image: 'base:1', resources: { limits: { 'nvidia.com/gpu': 1 } } }],
  };

  test('a whole Job: what it says holds, but for what decides whether a preemption is seen', () => {
    const job = made({
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { namespace: 'ml', labels, annotations, finalizers: ['admin/job'] },
      spec: {
        parallelism: 4,
        completions: 4,
        completionMode: 'Indexed',
        backoffLimit: 3,
        suspend: true,
        activeDeadlineSeconds: 7_200,
        template: {
          metadata: { labels, annotations, finalizers: ['admin/pod'] },
          spec: { ...podSpec, restartPolicy: 'Never', terminationGracePeriodSeconds: 5 },
        },
      },
    });
    expect(job).toMatchObject({
      metadata: {
        name: 'digits-a2',
        labels: { team: 'vision', ...ourLabels },
        annotations: { note: 'x', 'relaunch.dev/main-container': 'train' },
        finalizers: ['admin/job'],
      },
      spec: {
        parallelism: 4,
        completions: 4,
        completionMode: 'Indexed',
        backoffLimit: 3,
        suspend: true,
        activeDeadlineSeconds: 7_200,
        podReplacementPolicy: 'Failed',
        podFailurePolicy: failurePolicy,
        template: {
          metadata: {
            labels: { team: 'vision', ...ourLabels },
            annotations: { note: 'x', 'relaunch.dev/main-container': 'train' },
            finalizers: ['admin/pod', finalizer],
          },
          spec: { ...podSpec, containers: [{ ...podSpec.containers[0], image }], restartPolicy: 'Never' },
        },
      },
    });
    expect(job.metadata).not.toHaveProperty('namespace');
    expect(podOf(job)['terminationGracePeriodSeconds']).toBe(1);
  });

  test('a part of a Job', () => {
    const job = made({ spec: { template: { spec: { nodeSelector: { gpu: 'a100' } } } } });
    expect(podOf(job)).toMatchObject({ nodeSelector: { gpu: 'a100' }, restartPolicy: 'Never' });
    expect(mainOf(job)).toMatchObject({ name: 'main', image });
  });

  test.each([
    ['that says so', { apiVersion: 'v1', kind: 'Pod' }],
    ['that has a pod’s containers', {}],
  ])('a Pod %s: its metadata and spec become the template', (_, kind) => {
    const job = made({ ...kind, metadata: { namespace: 'ml', labels, finalizers: ['admin/pod'] }, spec: podSpec });
    expect(job).toMatchObject({ apiVersion: 'batch/v1', kind: 'Job' });
    expect(job.metadata).toEqual({
      name: 'digits-a2',
      labels: ourLabels,
      annotations: { 'relaunch.dev/main-container': 'train' },
    });
    expect(job.spec.template.metadata).toEqual({
      labels: { team: 'vision', ...ourLabels },
      annotations: { 'relaunch.dev/main-container': 'train' },
      finalizers: ['admin/pod', finalizer],
    });
    expect(podOf(job)).toMatchObject({ priorityClassName: 'batch', automountServiceAccountToken: true });
    expect(Object.keys(job.spec).toSorted()).toEqual([
      'backoffLimit',
      'podFailurePolicy',
      'podReplacementPolicy',
      'template',
    ]);
  });

  test('a Pod that says so and has no containers yet', () => {
    expect(podOf(made({ kind: 'Pod', spec: { nodeSelector: { gpu: 'a100' } } }))).toMatchObject({
      nodeSelector: { gpu: 'a100' },
      containers: [{ name: 'main' }],
    });
  });

  test('our finalizer stands once where the manifest has it, too', () => {
    const metadata = { finalizers: [finalizer, 'admin/pod'] };
    expect(made({ spec: { template: { metadata } } }).spec.template.metadata.finalizers).toEqual([
      finalizer,
      'admin/pod',
    ]);
  });
});

test.each([
  [0, 1],
  [1, 1],
  [1_000, 1],
  [1_001, 2],
  [59_999, 60],
  [60_000, 60],
])('a grace period of %i ms is one of %i s: never shorter', (gracePeriodMs, seconds) => {
  expect(podOf(made({}, { gracePeriodMs }))['terminationGracePeriodSeconds']).toBe(seconds);
});

describe('how long a pod stays on a lost node', () => {
  test('is the queue’s to say', () => {
    expect(podOf(made({ nodeLossTolerationSeconds: 0 })).tolerations).toEqual(nodeLoss(0));
  });

  test('stands beside what else the manifest tolerates', () => {
    const gpu = { key: 'nvidia.com/gpu', operator: 'Exists' };
    expect(podOf(made({ spec: { containers: [{}], tolerations: [gpu] } })).tolerations).toEqual([gpu, ...nodeLoss(30)]);
  });

  test('is as the manifest says where it says it', () => {
    const own = {
      key: 'node.kubernetes.io/unreachable',
      operator: 'Exists',
      effect: 'NoExecute',
      tolerationSeconds: 9,
    };
    expect(podOf(made({ spec: { containers: [{}], tolerations: [own] } })).tolerations).toEqual([
      own,
      ...nodeLoss(30).filter(({ key }) => key !== own.key),
    ]);
  });

  test.each([
    ['everything', { operator: 'Exists' }],
    ['everything that drives pods away', { operator: 'Exists', effect: 'NoExecute' }],
  ])('is for ever where the manifest tolerates %s', (_, own) => {
    expect(podOf(made({ spec: { containers: [{}], tolerations: [own] } })).tolerations).toEqual([own]);
  });

  test('is not said by tolerating that new pods are kept away', () => {
    const own = { key: 'node.kubernetes.io/unreachable', operator: 'Exists', effect: 'NoSchedule' };
    expect(podOf(made({ spec: { containers: [{}], tolerations: [own] } })).tolerations).toEqual([own, ...nodeLoss(30)]);
  });
});

describe('the container that gets the run', () => {
  const three = [{ name: 'proxy' }, { name: 'train' }, { name: 'main' }];
  const gets = (job: JobManifest) =>
    podOf(job)
      .containers.filter((container) => 'image' in container)
      .map(({ name }) => name);

  test.each([
    ['the one that the queue names', { container: 'train', spec: { containers: three } }, 'train'],
    ['the one that is called main', { spec: { containers: three } }, 'main'],
    ['the first', { spec: { containers: three.slice(0, 2) } }, 'proxy'],
    ['the only one, without a name', { spec: { containers: [{ resources: {} }] } }, 'main'],
    ['the only one, without a name, that the queue names', { container: 'train', spec: { containers: [{}] } }, 'train'],
    ['none that is there', {}, 'main'],
    ['none that is there, which the queue names', { container: 'train' }, 'train'],
  ])('is %s', (_, args, name) => {
    const job = made(args);
    expect(gets(job)).toEqual([name]);
    expect(job.metadata.annotations).toEqual({ 'relaunch.dev/main-container': name });
    expect(job.spec.template.metadata.annotations).toEqual({ 'relaunch.dev/main-container': name });
  });

  test('is refused where it does not exist, with those that do', () => {
    const refused = () => made({ container: 'trian', spec: { containers: three } });
    expect(refused).toThrow(failsAs('AttemptRefused'));
    expect(refused).toThrow(
      'resourceArgs.kubernetes.container is "trian": the manifest\'s containers are proxy, train, main',
    );
  });

  test('alone is changed: sidecars and what prepares the pod stay as they are', () => {
    const proxy = {
      name: 'proxy',
      image: 'proxy:1',
      command: ['proxy'],
      args: ['$(PORT)'],
      env: [{ name: 'RELAUNCH_RUN_ID', value: 'mine' }],
      securityContext: { runAsUser: 0 },
      volumeMounts: [{ name: 'x', mountPath: '/x' }],
    };
    const fetch = { ...proxy, name: 'fetch', restartPolicy: 'Always' };
    const spec = { initContainers: [fetch], containers: [proxy, { name: 'main' }] };
    const job = made(
      { spec, checkpoints: { claimName: 'disk' } },
      { entrypoint: ['python'], args: ['train.py'], env: { A: '1' } },
    );
    expect(podOf(job).containers[0]).toEqual(proxy);
    expect(podOf(job).initContainers).toEqual([fetch]);
    expect(podOf(job).containers[1]).toMatchObject({ image, command: ['python'], args: ['train.py'] });
  });

  test('has the system calls that the manifest allows its pod', () => {
    const securityContext = { seccompProfile: { type: 'Unconfined' } };
    const [main] = podOf(made({ spec: { containers: [{}], securityContext } })).containers;
    expect(main?.['securityContext']).toEqual({ allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } });
  });

  test('takes no other image than the run’s', () => {
    expect(mainOf(made({ spec: { containers: [{ name: 'main', image: 'base:1' }] } }))['image']).toBe(image);
  });
});

describe('entry point and arguments', () => {
  const given = { name: 'main', command: ['tini', '--'], args: ['sleep'] };
  const commandOf = (plan: Partial<Plan>, container: object = given) => {
    const { command, args } = mainOf(made({ spec: { containers: [container] } }, plan));
    return { command, args };
  };

  test.each<[string, Partial<Plan>, object]>([
    ['neither: those of the manifest', {}, { command: ['tini', '--'], args: ['sleep'] }],
    [
      'arguments alone leave the command',
      { args: ['--lr', '0.1'] },
      { command: ['tini', '--'], args: ['--lr', '0.1'] },
    ],
    [
      'an entry point takes the place of both',
      { entrypoint: ['python', 'x.py'] },
      { command: ['python', 'x.py'], args: [] },
    ],
    ['both', { entrypoint: ['python'], args: ['x.py'] }, { command: ['python'], args: ['x.py'] }],
  ])('%s', (_, plan, expected) => {
    expect(commandOf(plan)).toEqual(expected);
  });

  test('of an image alone are its own', () => {
    expect(mainOf(made({}))).not.toHaveProperty('command');
    expect(mainOf(made({}))).not.toHaveProperty('args');
    expect(commandOf({ args: ['x'] }, { name: 'main' })).toEqual({ command: undefined, args: ['x'] });
  });
});

/** What a kubelet makes of commands, arguments and values. @see https://github.com/kubernetes/kubernetes/blob/v1.34.4/third_party/forked/golang/expansion/expand.go */
function expand(text: string, valueOf: (name: string) => string | undefined): string {
  let out = '';
  for (let i = 0; i < text.length; i++) {
    const [here, next] = [text.charAt(i), text[i + 1]];
    const close = text.indexOf(')', i + 2);
    if (here !== '$' || next === undefined) {
      out += here;
    } else if (next === '(' && close !== -1) {
      const name = text.slice(i + 2, close);
      out += valueOf(name) ?? `$(${name})`;
      i = close;
    } else {
      // `$$` is one `$`; every other pair is itself.
      out += next === '$' ? '$' : here + next;
      i++;
    }
  }
  return out;
}

describe('a text of a submitter means itself', () => {
  test.each([
    ['$(A)-1', '1-1'],
    ['$$(A)_$(A)', '$(A)_1'],
    ['f000-$$A', 'f000-$A'],
    ['$(A$(B))', '$(A$(B))'],
    ['foo$(Awhoops!', 'foo$(Awhoops!'],
    ['$?_boo_$!', '$?_boo_$!'],
    ['$$$$$$(A)', '$$$(A)'],
    ['$$$$$$$(A)', '$$$1'],
    ['${A}', '${A}'],
    ['$(A)foobarzab$', '1foobarzab$'],
    ['--$($($($($--', '--$($($($($--'],
    ['$(foo$$var)', '$(foo$$var)'],
  ])('a kubelet makes %j into %j, as its own tests have it', (text, expected) => {
    expect(expand(text, (name) => ({ A: '1', B: '2' })[name])).toBe(expected);
  });

  const tricky = fc.string({ unit: fc.oneof(fc.constantFrom('$', '(', ')', 'A', 'B'), fc.string({ unit: 'binary' })) });

  test('after the kubelet, whatever variables there are', () => {
    fc.assert(
      fc.property(tricky, fc.option(fc.string(), { nil: undefined }), (text, value) => {
        expect(expand(literal(text), () => value)).toBe(text);
      }),
      { numRuns: 1_000 },
    );
  });

  test('in the entry point, in arguments and in the environment', () => {
    const texts = ['$(HOME)', '$$', '$', '$$(HOME)', 'a$b', '$(RELAUNCH_RUN_ID)'];
    const env = Object.fromEntries(texts.map((text, i) => [`V${String(i)}`, text]));
    const main = mainOf(
      made({}, { entrypoint: texts, args: texts, env, name: '$(HOME)', runConfig: { lr: '$(HOME)' } }),
    );
    const kubelet = (text: unknown): string => expand(String(text), () => 'expanded');
    expect((main['command'] as string[]).map(kubelet)).toEqual(texts);
    expect((main['args'] as string[]).map(kubelet)).toEqual(texts);
    const seen = Object.fromEntries(Object.entries(envOf(main)).map(([name, value]) => [name, kubelet(value)]));
    expect(seen).toMatchObject({ ...env, RELAUNCH_RUN_NAME: '$(HOME)', RELAUNCH_CONFIG: '{"lr":"$(HOME)"}' });
  });

  test('but an admin’s may have variables', () => {
    const containers = [{ name: 'main', args: ['$(HOME)'], env: [{ name: 'A', value: '$(HOME)' }] }];
    const main = mainOf(made({ spec: { containers } }));
    expect(main['args']).toEqual(['$(HOME)']);
    expect(envOf(main)['A']).toBe('$(HOME)');
  });
});

describe('the environment', () => {
  const secret = { secretKeyRef: { name: 'keys', key: 'wandb' } };
  const withEnv = (env: Env, plan: Partial<Plan> = {}): Container =>
    mainOf(made({ spec: { containers: [{ name: 'main', env }] } }, plan));

  test('keeps the admin’s secrets', () => {
    const env = envOf(withEnv([{ name: 'WANDB_API_KEY', valueFrom: secret }]));
    expect(env).toMatchObject({ WANDB_API_KEY: secret, RELAUNCH_RUN_ID: 'digits', RELAUNCH_ATTEMPT: '2' });
  });

  test('has a submitter’s value in the place of an admin’s of the same name, and it alone', () => {
    const { env = [] } = withEnv([{ name: 'TOKEN', valueFrom: secret }], { env: { TOKEN: 'mine' } });
    expect(env.filter(({ name }) => name === 'TOKEN')).toEqual([{ name: 'TOKEN', value: 'mine' }]);
  });

  test('has ours in the place of everybody’s', () => {
    const { env = [] } = withEnv([{ name: 'RELAUNCH_RUN_ID', value: 'forged' }], { env: { RELAUNCH_ATTEMPT: '9' } });
    expect(env.filter(({ name }) => name === 'RELAUNCH_RUN_ID')).toEqual([
      { name: 'RELAUNCH_RUN_ID', value: 'digits' },
    ]);
    expect(env.filter(({ name }) => name === 'RELAUNCH_ATTEMPT')).toEqual([{ name: 'RELAUNCH_ATTEMPT', value: '2' }]);
  });

  test('keeps the order of the admin’s, whose values may refer to those before them', () => {
    const { env = [] } = withEnv([
      { name: 'B', value: '1' },
      { name: 'A', value: '$(B)' },
    ]);
    expect(env.slice(0, 2).map(({ name }) => name)).toEqual(['B', 'A']);
  });
});

describe('checkpoints', () => {
  test('are a directory of the run on the queue’s volume, the same for each attempt', () => {
    const args = { checkpoints: { claimName: 'disk', mountPath: '/ckpt', subPath: 'a/b' } };
    for (const n of [1, 2]) {
      const job = made(args, {}, n);
      expect(podOf(job).volumes).toEqual([
        { name: 'relaunch-checkpoints', persistentVolumeClaim: { claimName: 'disk' } },
      ]);
      expect(mainOf(job).volumeMounts).toEqual([
        { name: 'relaunch-checkpoints', mountPath: '/ckpt', subPath: 'a/b/team/digits' },
      ]);
      expect(envOf(mainOf(job))['RELAUNCH_CHECKPOINT_DIR']).toBe('/ckpt');
    }
  });

  test('are at /checkpoints, under relaunch, unless the queue says otherwise', () => {
    const job = made({ checkpoints: { claimName: 'disk' } });
    expect(mainOf(job).volumeMounts).toEqual([
      { name: 'relaunch-checkpoints', mountPath: '/checkpoints', subPath: 'relaunch/team/digits' },
    ]);
    expect(envOf(mainOf(job))['RELAUNCH_CHECKPOINT_DIR']).toBe('/checkpoints');
  });

  test('stand beside the volumes of the manifest', () => {
    const spec = {
      volumes: [{ name: 'data', emptyDir: {} }],
      containers: [{ name: 'main', volumeMounts: [{ name: 'data', mountPath: '/data' }] }],
    };
    const job = made({ spec, checkpoints: { claimName: 'disk' } });
    expect(podOf(job).volumes?.map(({ name }) => name)).toEqual(['data', 'relaunch-checkpoints']);
    expect(mainOf(job).volumeMounts?.map(({ name }) => name)).toEqual(['data', 'relaunch-checkpoints']);
  });

  test('that a queue does not have leave nothing', () => {
    const job = made({});
    expect(podOf(job)).not.toHaveProperty('volumes');
    expect(mainOf(job)).not.toHaveProperty('volumeMounts');
    expect(envOf(mainOf(job))).not.toHaveProperty('RELAUNCH_CHECKPOINT_DIR');
  });
});

describe('code on a volume', () => {
  const code = { subPath: 'relaunch-code/team/train/2026-11-27/cafe', workingDir: '/mnt/relaunch/code/app' };
  const withCode = (args: object, warnings: string[] = []): JobManifest => {
    const parsed = parseKubernetesArgs({ code: { claimName: 'code' }, ...args });
    return jobOf(attempt(), parsed, 'owner-1', { code: { ...code, warnings } }) as unknown as JobManifest;
  };
  const { subPath } = code;

  test('is where it is on docker, for the main container alone, which may not change it', () => {
    const job = withCode({ spec: { containers: [{ name: 'proxy' }, { name: 'main', workingDir: '/own' }] } });
    const [proxy, main] = podOf(job).containers;
    expect(podOf(job).volumes).toEqual([
      { name: 'relaunch-code', persistentVolumeClaim: { claimName: 'code', readOnly: true } },
    ]);
    expect(main).toMatchObject({
      workingDir: '/mnt/relaunch/code/app',
      volumeMounts: [{ name: 'relaunch-code', mountPath: '/mnt/relaunch/code', subPath, readOnly: true }],
    });
    expect(proxy).not.toHaveProperty('volumeMounts');
  });

  test('stands beside the checkpoints; of one claim for both there is one volume', () => {
    for (const claimName of ['disk', 'code']) {
      const job = withCode({ checkpoints: { claimName } });
      const volumes = podOf(job).volumes ?? [];
      expect(volumes[0]).toEqual({ name: 'relaunch-checkpoints', persistentVolumeClaim: { claimName } });
      expect(volumes).toHaveLength(claimName === 'code' ? 1 : 2);
      const mounts = mainOf(job).volumeMounts ?? [];
      expect(mounts.map((mount) => mount['name'])).toEqual(['relaunch-checkpoints', volumes.at(-1)?.['name']]);
      expect(mounts.map((mount) => mount['readOnly'])).toEqual([undefined, true]);
    }
  });

  test('is mounted from the manifest’s own volume where that is of the same claim: a pod that has it twice never starts', () => {
    const volumes = [{ name: 'mine', persistentVolumeClaim: { claimName: 'code' } }];
    const job = withCode({ spec: { containers: [{}], volumes } });
    expect(podOf(job).volumes).toEqual(volumes);
    expect(mainOf(job).volumeMounts).toMatchObject([{ name: 'mine', subPath, readOnly: true }]);
  });

  test('is told on Job and pod, with what the log says first', () => {
    for (const { annotations } of [withCode({}).metadata, withCode({}).spec.template.metadata])
      expect(annotations).toEqual({ 'relaunch.dev/main-container': 'main', 'relaunch.dev/code': subPath });
    const warned = withCode({}, ['warning: one', 'warning: two']);
    expect(warned.metadata.annotations['relaunch.dev/warnings']).toBe('warning: one\nwarning: two');
  });

  test('that a run does not mount leaves nothing, whatever its queue has', () => {
    const job = made({ code: { claimName: 'code' } });
    expect(podOf(job)).not.toHaveProperty('volumes');
    expect(mainOf(job)).not.toHaveProperty('workingDir');
  });
});

describe('what a container may do', () => {
  test('is little, in each of them', () => {
    const spec = { initContainers: [{ name: 'fetch' }], containers: [{ name: 'main' }, { name: 'proxy' }] };
    const { containers, initContainers = [] } = podOf(made({ spec }));
    for (const one of [...containers, ...initContainers]) expect(one['securityContext']).toEqual(hardening);
  });

  test('is the admin’s to say', () => {
    const securityContext = { privileged: true };
    const spec = { containers: [{ name: 'main', securityContext }, { name: 'proxy' }] };
    const { containers } = podOf(made({ spec }));
    expect(containers.map((one) => one['securityContext'])).toEqual([securityContext, hardening]);
  });
});

describe('whatever an admin writes', () => {
  const json = fc.jsonValue({ maxDepth: 2 }).filter((value) => !JSON.stringify(value).includes('__proto__'));
  const some = fc.dictionary(fc.stringMatching(/^[a-z]{1,6}$/), json, { maxKeys: 3 });
  const or = (likely: fc.Arbitrary<unknown>) =>
    fc.oneof({ weight: 4, arbitrary: likely }, { weight: 1, arbitrary: json });
  const partly = (shape: Record<string, fc.Arbitrary<unknown>>) =>
    fc.tuple(some, fc.record(shape, { requiredKeys: [] })).map(([more, known]) => ({ ...more, ...known }));
  const metadata = partly({
    labels: or(fc.dictionary(fc.constantFrom('a', ...Object.keys(ourLabels)), fc.string())),
    annotations: or(fc.dictionary(fc.constantFrom('a', 'relaunch.dev/main-container'), fc.string())),
    finalizers: or(fc.array(fc.constantFrom('a/b', finalizer))),
    namespace: or(fc.constant('ml')),
  });
  const container = partly({
    name: or(fc.constantFrom('main', 'train', 'proxy')),
    env: or(fc.array(partly({ name: or(fc.constantFrom('A', 'RELAUNCH_RUN_ID')), value: or(fc.string()) }))),
    volumeMounts: json,
    securityContext: json,
  });
  const podSpec = partly({
    containers: or(fc.array(or(container), { maxLength: 3 })),
    initContainers: or(fc.array(or(container), { maxLength: 2 })),
    tolerations: json,
    volumes: json,
    terminationGracePeriodSeconds: json,
    restartPolicy: fc.constant('Never'),
  });
  const template = partly({ metadata: or(metadata), spec: or(podSpec) });
  const jobSpec = partly({ template: or(template), backoffLimit: json, parallelism: json, suspend: json });
  const queueArgs = fc.record(
    {
      kind: fc.constantFrom('Job', 'Pod'),
      metadata,
      spec: fc.oneof(jobSpec, podSpec),
      container: fc.constantFrom('main', 'train'),
      checkpoints: fc.constant({ claimName: 'disk' }),
    },
    { requiredKeys: [] },
  );

  test('ours holds, or the queue is refused', () => {
    let accepted = 0;
    fc.assert(
      fc.property(queueArgs, (args) => {
        if (checkKubernetesArgs(args).length > 0) return;
        let job: JobManifest;
        try {
          job = made(args);
        } catch (error) {
          expect(error).toBeInstanceOf(RelaunchError);
          expect(error).toMatchObject({ type: 'AttemptRefused' });
          return;
        }
        accepted++;
        expect(job).toMatchObject({
          apiVersion: 'batch/v1',
          kind: 'Job',
          metadata: { name: 'digits-a2', labels: ourLabels },
          spec: {
            podReplacementPolicy: 'Failed',
            template: {
              metadata: { labels: ourLabels },
              spec: { restartPolicy: 'Never', terminationGracePeriodSeconds: 1 },
            },
          },
        });
        expect(job.spec['podFailurePolicy']).toEqual(failurePolicy);
        expect(job.spec).toHaveProperty('backoffLimit');
        expect(job.metadata).not.toHaveProperty('namespace');
        expect(job.spec.template.metadata.finalizers.filter((one) => one === finalizer)).toHaveLength(1);
        const name = job.metadata.annotations['relaunch.dev/main-container'];
        expect(job.spec.template.metadata.annotations['relaunch.dev/main-container']).toBe(name);
        const mains = podOf(job).containers.filter((one) => one.name === name);
        expect(mains.length).toBeGreaterThan(0);
        for (const main of mains) {
          expect(main['image']).toBe(image);
          expect(envOf(main)).toMatchObject({ RELAUNCH_RUN_ID: 'digits', WANDB_RUN_ID: 'digits' });
          const names = (main.env ?? []).map((one) => one.name);
          expect(names.filter((one) => one === 'RELAUNCH_RUN_ID')).toHaveLength(1);
        }
        for (const one of podOf(job).containers) expect(one).toHaveProperty('securityContext');
      }),
      { numRuns: 1_000 },
    );
    expect(accepted).toBeGreaterThan(300);
  });

  test('theirs holds beside it', () => {
    const ours = ['podReplacementPolicy', 'podFailurePolicy', 'template'];
    fc.assert(
      fc.property(partly({ backoffLimit: json, parallelism: json, completionMode: json, suspend: json }), (spec) => {
        const args = { kind: 'Job', spec };
        const theirs = Object.entries(spec).filter(([key]) => !ours.includes(key));
        expect(made(args).spec).toMatchObject(Object.fromEntries(theirs));
      }),
    );
  });
});

test('where an attempt was stopped before it had a Job stands one that nothing can run under', () => {
  const { ref } = attempt();
  expect(tombstoneOf(ref, 'owner-1')).toMatchObject({
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      name: 'digits-a2',
      labels: {
        'relaunch.dev/run': 'digits',
        'relaunch.dev/attempt': '2',
        'relaunch.dev/attempt-uid': 'cafe',
        'relaunch.dev/entity': 'team',
        'relaunch.dev/owner': 'owner-1',
      },
      annotations: { 'relaunch.dev/stopped': 'true' },
    },
    spec: { suspend: true, backoffLimit: 0, template: { spec: { restartPolicy: 'Never' } } },
  });
});

test('it has the name of the Job whose place it takes, and is told by the same labels', () => {
  const job = made({});
  const stone = tombstoneOf(attempt().ref, 'owner-1') as { metadata: Map & { labels: Map } };
  expect(stone.metadata['name']).toBe(job.metadata.name);
  expect(job.metadata.labels).toMatchObject(stone.metadata.labels);
});

test('secrets are references, which the kubelet looks up: as variables, and as files of one volume', () => {
  const job = made(
    {
      spec: {
        template: { spec: { containers: [{ name: 'main', env: [{ name: 'KEY', value: 'of the manifest' }] }] } },
      },
    },
    {
      secrets: {
        TOKEN: { secret: 'hf', as: 'file' },
        KEY: { secret: 'wandb/api-key', as: 'env' },
        B: { secret: 'hf', as: 'file' },
      },
    },
  );
  const main = mainOf(job);
  expect(main.env?.filter(({ name }) => /^(TOKEN|KEY|B)(_FILE)?$/.test(name))).toEqual([
    { name: 'TOKEN_FILE', value: '/run/relaunch/secrets/TOKEN' },
    { name: 'B_FILE', value: '/run/relaunch/secrets/B' },
    { name: 'KEY', valueFrom: { secretKeyRef: { name: 'wandb', key: 'api-key' } } },
  ]);
  expect(main.volumeMounts).toEqual([{ name: 'relaunch-secrets', mountPath: '/run/relaunch/secrets', readOnly: true }]);
  const source = (path: string): Map => ({ secret: { name: 'hf', items: [{ key: 'value', path }] } });
  expect(job.spec.template.spec.volumes).toEqual([
    { name: 'relaunch-secrets', projected: { sources: [source('TOKEN'), source('B')] } },
  ]);
});
