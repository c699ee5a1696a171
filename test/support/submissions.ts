import type { LaunchSpecInput } from '../../contracts/launch-spec.ts';
import type { QueueSpecInput } from '../../contracts/queue-spec.ts';

const main = <T>(spec: T) => ({ spec: { template: { spec } } });

/** Queues as admins have them. */
export const queues: Record<string, QueueSpecInput> = {
  open: { backend: 'docker', resourceArgs: { docker: { memory: '4g', volume: '/cache:/cache' } } },
  tag: {
    backend: 'docker',
    overrides: 'closed',
    allow: { '/source/image': { pattern: 'localhost:1/train:v\\d+' } },
    defaults: { entrypoint: ['python', 'train.py'] },
  },
  a100: {
    backend: 'docker',
    resourceArgs: { docker: { gpus: '{{gpus}}', 'shm-size': '{{shm}}g', label: { pool: '{{pool}}' } } },
    variables: {
      gpus: { type: 'integer', minimum: 1, maximum: 8, default: 1 },
      shm: { type: 'number', minimum: 1, maximum: 64 },
      pool: { type: 'string', enum: ['spot', 'fixed'], default: 'spot' },
    },
  },
  memory: {
    backend: 'docker',
    allow: { '/resourceArgs/docker/memory': { maximum: '64g' }, '/resources/gpu': { maximum: 2 }, '/env': 'closed' },
  },
  vars: {
    backend: 'docker',
    overrides: 'closed',
    resourceArgs: { docker: { platform: 'linux/{{arch}}', init: '{{init}}' } },
    variables: {
      arch: { type: 'string', pattern: '[a-z0-9]+', default: 'amd64' },
      init: { type: 'boolean', default: false },
    },
    allow: {
      '/source': 'open',
      '/runConfig': 'open',
      '/runConfig/lr': { minimum: 0, maximum: 1 },
      '/priority': { enum: ['low', 'medium'] },
    },
  },
  pods: {
    backend: 'kubernetes',
    resourceArgs: { kubernetes: main({ nodeSelector: { pool: 'shared' } }) },
    allow: { '/resources/cpu': { maximum: 16 }, '/resources/memory': { maximum: '64Gi' } },
  },
  spots: {
    backend: 'kubernetes',
    resourceArgs: { kubernetes: main({ nodeSelector: { pool: '{{pool}}' } }) },
    variables: { pool: { type: 'string', enum: ['spot', 'fixed'], default: 'fixed' } },
    allow: {
      '/resourceArgs/kubernetes/labels': 'open',
      '/resourceArgs/kubernetes/priorityClassName': { enum: ['low'] },
    },
  },
  frozen: {
    backend: 'kubernetes',
    overrides: 'closed',
    allow: { '/source/image': 'open', '/resourceArgs/kubernetes/tolerations': 'open', '/timeouts/run': 'open' },
    timeouts: { run: '2h' },
  },
  laptop: { backend: 'process', requeue: { max: 2 }, gracePeriod: '1m', timeouts: { run: '1h' } },
  desk: {
    backend: 'process',
    overrides: 'closed',
    resourceArgs: { process: { env: { DEVICE: '{{device}}' } } },
    variables: { device: { type: 'integer', minimum: 0, maximum: 1, default: 0 } },
    allow: {
      '/source/code': 'open',
      '/entrypoint': { enum: ['python', 'train.py', 'test.py'] },
      '/tags': { pattern: '[a-z]+' },
    },
  },
};

/** What is said of a launch besides its source; where it is an image, that. */
export type Submission = Omit<Partial<LaunchSpecInput>, 'queue'>;

/** What its runs get of their backend; or why it is refused, a sentence for each reason. */
export type Expected = object | string;

const image = (name: string): Submission => ({ source: { image: name } });
const docker = (args: Record<string, never> | object): Submission => ({ resourceArgs: { docker: args } }) as Submission;
const pod = (args: object): Submission => ({ resourceArgs: { kubernetes: args } }) as Submission;

/** A sentence of a queue's. */
const not = (queue: string, what: string, instead = 'Leave it out'): string =>
  `queue "${queue}": ${what} (queues/${queue}.yaml). ${instead} or ask the queue's owner.`;
const closed = (queue: string, what: string): string => not(queue, `${what}, but runs of it may not set that`);
const other = 'Choose another value';
const smaller = 'Choose a smaller value';
const larger = 'Choose a larger value';

const openArgs = { memory: '4g', volume: '/cache:/cache' };
const a100 = (gpus: number, shm: string, pool = 'spot'): object => ({ gpus, 'shm-size': shm, label: { pool } });
const share = (amounts: object): object => ({ resources: { requests: amounts, limits: amounts } });
const onlyPod =
  'only the admin of the queue may set it; a submitter may set resources, nodeSelector, tolerations, labels, annotations, priorityClassName';

/** Sixty submissions against ten queues: the policy, for an admin to read. */
export const submissions: readonly (readonly [what: string, queue: string, said: Submission, expected: Expected])[] = [
  ['nothing said', 'open', {}, openArgs],
  ['a command and a configuration', 'open', { entrypoint: ['sh'], runConfig: { lr: 1 } }, openArgs],
  ['less memory', 'open', docker({ memory: '2g' }), { ...openArgs, memory: '2g' }],
  ['another spelling', 'open', docker({ m: '8g', shm_size: '1g' }), { ...openArgs, memory: '8g', 'shm-size': '1g' }],
  ['W&B’s backend', 'open', { resourceArgs: { 'local-container': { cpus: 2 } } }, { ...openArgs, cpus: 2 }],
  [
    'a share',
    'open',
    { resources: { cpu: 0.5, memory: '1Gi', gpu: 1 } },
    { ...openArgs, cpus: 0.5, memory: 1_073_741_824, gpus: 1 },
  ],
  [
    'a privileged container',
    'open',
    docker({ privileged: true }),
    'resourceArgs.docker.privileged is true: only the admin of the queue may set it',
  ],
  [
    'a volume',
    'open',
    docker({ v: '/:/host' }),
    'resourceArgs.docker.v is "/:/host": only the admin of the queue may set it',
  ],
  [
    'the host’s network',
    'open',
    docker({ net: 'host' }),
    'resourceArgs.docker.net is "host": only the admin of the queue may set it',
  ],
  [
    'another backend’s',
    'open',
    pod({ nodeSelector: { a: 'b' } }),
    'resourceArgs.kubernetes is {"nodeSelector":{"a":"b"}}: queue "open" is for backend "docker"',
  ],
  [
    'a variable where there is none',
    'open',
    { variables: { gpus: '1' } },
    not('open', 'variable "gpus" is "1", but the queue has no such variable: it has none'),
  ],

  ['a tag within the pattern', 'tag', image('localhost:1/train:v7'), {}],
  [
    'another tag',
    'tag',
    image('localhost:1/train:latest'),
    not('tag', 'source.image is "localhost:1/train:latest", allowed are what matches localhost:1/train:v\\d+', other),
  ],
  [
    'another image',
    'tag',
    image('localhost:1/miner:v1'),
    not('tag', 'source.image is "localhost:1/miner:v1", allowed are what matches localhost:1/train:v\\d+', other),
  ],
  ['a command', 'tag', { ...image('localhost:1/train:v7'), entrypoint: ['sh'] }, closed('tag', 'entrypoint is ["sh"]')],
  ['an environment', 'tag', { ...image('localhost:1/train:v7'), env: { A: 'b' } }, closed('tag', 'env is {"A":"b"}')],
  [
    'a priority',
    'tag',
    { ...image('localhost:1/train:v7'), priority: 'critical' },
    closed('tag', 'priority is "critical"'),
  ],
  [
    'a share that is closed',
    'tag',
    { ...image('localhost:1/train:v7'), resources: { gpu: 8 } },
    closed('tag', 'resources is {"gpu":8}'),
  ],
  [
    'arguments that are closed',
    'tag',
    { ...image('localhost:1/train:v7'), ...docker({ memory: '1g' }) },
    closed('tag', 'resourceArgs is {"docker":{"memory":"1g"}}'),
  ],

  ['variables', 'a100', { variables: { gpus: 4, shm: 8, pool: 'fixed' } }, a100(4, '8g', 'fixed')],
  ['their defaults', 'a100', { variables: { shm: 1.5 } }, a100(1, '1.5g')],
  [
    'a variable that is missing',
    'a100',
    {},
    not('a100', 'variable "shm" is missing, allowed are 1 to 64', 'Set it (--var shm=...)'),
  ],
  [
    'too much',
    'a100',
    { variables: { gpus: 16, shm: 1 } },
    not('a100', 'variable "gpus" is 16, allowed are 1 to 8', smaller),
  ],
  [
    'too little',
    'a100',
    { variables: { gpus: 0, shm: 1 } },
    not('a100', 'variable "gpus" is 0, allowed are 1 to 8', larger),
  ],
  [
    'half a GPU',
    'a100',
    { variables: { gpus: '2.5', shm: 1 } },
    not('a100', 'variable "gpus" is "2.5", it must be of type integer', other),
  ],
  [
    'no number',
    'a100',
    { variables: { shm: 'abc' } },
    not('a100', 'variable "shm" is "abc", it must be of type number', other),
  ],
  [
    'no choice',
    'a100',
    { variables: { shm: 1, pool: 'mine' } },
    not('a100', 'variable "pool" is "mine", allowed are spot, fixed', other),
  ],
  [
    'two wrong ones',
    'a100',
    { variables: { gpus: 9, shm: 65 } },
    [
      not('a100', 'variable "gpus" is 9, allowed are 1 to 8', smaller),
      not('a100', 'variable "shm" is 65, allowed are 1 to 64', smaller),
    ].join('\n'),
  ],
  [
    'an overlay over a variable',
    'a100',
    { variables: { shm: 1 }, ...docker({ cpus: 1 }) },
    { ...a100(1, '1g'), cpus: 1 },
  ],

  ['memory up to its bound', 'memory', docker({ memory: '64g' }), { memory: '64g' }],
  [
    'memory over it',
    'memory',
    docker({ memory: '65g' }),
    not('memory', 'resourceArgs.docker.memory is "65g", allowed are at most 64g', smaller),
  ],
  [
    'memory over it in other words',
    'memory',
    docker({ '--memory': '1t' }),
    not('memory', 'resourceArgs.docker.memory is "1t", allowed are at most 64g', smaller),
  ],
  [
    'memory without end',
    'memory',
    docker({ m: 0 }),
    not('memory', 'resourceArgs.docker.memory is 0, allowed are at most 64g', other),
  ],
  ['GPUs up to their bound', 'memory', { resources: { gpu: 2 } }, { gpus: 2 }],
  [
    'GPUs over it',
    'memory',
    { resources: { gpu: 3 } },
    not('memory', 'resources.gpu is 3, allowed are at most 2', smaller),
  ],
  ['GPUs by a flag', 'memory', docker({ gpus: 'all' }), closed('memory', 'resourceArgs.docker.gpus is "all"')],
  [
    'an environment by a flag',
    'memory',
    docker({ e: ['A=1'] }),
    closed('memory', 'resourceArgs.docker.env is ["A=1"]'),
  ],

  [
    'a value that is no structure',
    'vars',
    { variables: { arch: 'arm64', init: true } },
    { platform: 'linux/arm64', init: true },
  ],
  [
    'a value that would be one',
    'vars',
    { variables: { arch: 'arm64", "privileged": "true' } },
    not('vars', 'variable "arch" is "arm64\\", \\"privileged\\": \\"true", allowed are what matches [a-z0-9]+', other),
  ],
  [
    'a value that would be a template',
    'vars',
    { variables: { arch: '{{init}}' } },
    not('vars', 'variable "arch" is "{{init}}", allowed are what matches [a-z0-9]+', other),
  ],
  ['a configuration', 'vars', { runConfig: { lr: 0.5, deep: { x: [1] } } }, { platform: 'linux/amd64', init: false }],
  [
    'a configuration out of bounds',
    'vars',
    { runConfig: { lr: 2 } },
    not('vars', 'runConfig.lr is 2, allowed are 0 to 1', smaller),
  ],
  ['a priority that is allowed', 'vars', { priority: 'low' }, { platform: 'linux/amd64', init: false }],
  ['one that is not', 'vars', { priority: 'high' }, not('vars', 'priority is "high", allowed are low, medium', other)],

  [
    'a share of a node',
    'pods',
    { resources: { cpu: 16, memory: '64Gi' } },
    main({
      nodeSelector: { pool: 'shared' },
      containers: [{ name: 'main', ...share({ cpu: '16000m', memory: '68719476736' }) }],
    }),
  ],
  [
    'more than a share',
    'pods',
    { resources: { cpu: 17 } },
    not('pods', 'resources.cpu is 17, allowed are at most 16', smaller),
  ],
  [
    'a share in other words',
    'pods',
    pod({ resources: { limits: { cpu: 99 } } }),
    closed('pods', 'resourceArgs.kubernetes.resources is {"limits":{"cpu":99}}'),
  ],
  [
    'a node',
    'pods',
    pod({ nodeSelector: { zone: 'a' } }),
    main({
      nodeSelector: { pool: 'shared', zone: 'a' },
      containers: [{ name: 'main' }],
    }),
  ],
  [
    'a service account',
    'pods',
    pod({ serviceAccountName: 'admin' }),
    `resourceArgs.kubernetes.serviceAccountName is "admin": ${onlyPod}`,
  ],
  [
    'a manifest',
    'pods',
    pod(main({ hostPID: true })),
    `resourceArgs.kubernetes.spec is {"template":{"spec":{"hostPID":true}}}: ${onlyPod}`,
  ],

  ['a pool', 'spots', { variables: { pool: 'spot' } }, main({ nodeSelector: { pool: 'spot' } })],
  [
    'a priority class out of bounds',
    'spots',
    pod({ priorityClassName: 'high' }),
    not('spots', 'resourceArgs.kubernetes.priorityClassName is "high", allowed are low', other),
  ],
  [
    'an annotation',
    'spots',
    pod({ annotations: { role: 'admin' } }),
    closed('spots', 'resourceArgs.kubernetes.annotations is {"role":"admin"}'),
  ],

  ['a time within the bound', 'frozen', { timeouts: { run: '1h' } }, {}],
  ['a time over it', 'frozen', { timeouts: { run: '3h' } }, 'timeouts.run is 3h: at most 2h on queue "frozen"'],
  ['a time that is closed', 'frozen', { timeouts: { queue: '1h' } }, closed('frozen', 'timeouts.queue is 3600000')],

  ['code', 'laptop', { requeue: { max: 2 }, gracePeriod: '30s' }, {}],
  [
    'arguments of a process',
    'laptop',
    { resourceArgs: { process: { env: { PATH: '/evil' } } } },
    'resourceArgs.process.env is {"PATH":"/evil"}: only the admin of the queue may set it',
  ],

  [
    'a device',
    'desk',
    { variables: { device: 1 }, entrypoint: ['python', 'test.py'], tags: ['mine'] },
    { env: { DEVICE: 1 } },
  ],
  [
    'another program',
    'desk',
    { entrypoint: ['python', 'other.py'] },
    not('desk', 'entrypoint is ["python","other.py"], allowed are python, train.py, test.py', other),
  ],
];
