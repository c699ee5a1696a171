import { describe, expect, test } from 'vitest';
import { imagePlan, type ImagePlan } from '../../activities/images/image-plan.ts';
import type { ImageRequest } from '../../activities/images/image-request.ts';
import { failsAs } from '../support/fails-as.ts';
import { sourceText } from '../support/source-text.ts';

type Case = Partial<Omit<ImageRequest, 'source'>> & { tree?: Record<string, string> };

const tree = { 'train.py': '', 'sub/train.py': '', 'sub/deep/x.py': '', 'docker/Gpu': 'FROM gpu', link: '-> sub' };

function planOf({ tree: files = tree, ...request }: Case): ImagePlan {
  return imagePlan({
    source: { files: sourceText(files) },
    entrypoint: ['python', 'train.py'],
    overrides: {},
    builder: { type: 'docker' },
    ...request,
  });
}

function refusalOf(request: Case): string {
  try {
    planOf(request);
  } catch (error) {
    expect(error).toEqual(failsAs('LaunchRejected'));
    return (error as Error).message;
  }
  return 'nothing';
}

test('an image is what runs, whatever else is asked', () => {
  const request = {
    entrypoint: [],
    overrides: { dockerfile: 'x' },
    builder: { type: 'none' as const },
  };
  expect(imagePlan({ ...request, source: { image: 'busybox:1' } })).toEqual({ kind: 'prebuilt', image: 'busybox:1' });
});

describe('what wins', () => {
  const all = { ...tree, Dockerfile: 'FROM own', 'job/Dockerfile': 'FROM job', 'Dockerfile.wandb': 'FROM wandb' };
  const job = { dockerfile: 'job/Dockerfile' };

  test.each<[string, Case, string]>([
    ['the launch’s Dockerfile over the job’s', { overrides: { dockerfile: './Dockerfile' }, job }, 'FROM own'],
    [
      'the launch’s Dockerfile over the job’s base image',
      { overrides: { dockerfile: 'Dockerfile' }, job: { baseImage: 'a' } },
      'FROM own',
    ],
    ['the job’s over Dockerfile.wandb', { job }, 'FROM job'],
    ['Dockerfile.wandb over a generated one', {}, 'FROM wandb'],
    [
      'Dockerfile.relaunch over Dockerfile.wandb',
      { tree: { ...all, 'Dockerfile.relaunch': 'FROM ours' } },
      'FROM ours',
    ],
  ])('%s', (_, request, text) => {
    expect(planOf({ tree: all, ...request })).toMatchObject({ kind: 'dockerfile', context: '.', text });
  });

  test.each<[string, Case, string]>([
    ['the launch’s base image over the job’s Dockerfile', { overrides: { baseImage: 'a' }, job }, 'a'],
    ['the job’s base image over Dockerfile.wandb', { job: { baseImage: 'b' } }, 'b'],
    ['a base image without any builder', { overrides: { baseImage: 'a' }, builder: { type: 'none' } }, 'a'],
  ])('%s: nothing is built, nothing installed', (_, request, baseImage) => {
    expect(planOf({ tree: { ...all, 'requirements.txt': 'six' }, ...request })).toMatchObject({
      kind: 'mounted',
      baseImage,
      command: ['python', 'train.py'],
    });
  });

  test('a base image is what it is: what would be for another one is said to be left out', () => {
    const request = { overrides: { baseImage: 'a' }, acceleratorImage: 'cuda', job: { runtime: '3.9' } };
    expect(planOf(request)).toMatchObject({
      warnings: [
        'the base image for accelerators is not used: baseImage is',
        'runtime is not used: baseImage has its own',
      ],
    });
  });

  test('a line of a notebook that is left out is shown without its credentials', () => {
    const cells = [{ cell_type: 'code', source: '!pip install -i https://ada:s3cr3t@i.example six' }];
    const notebook = { 'nb.ipynb': JSON.stringify({ nbformat: 4, cells }) };
    expect(planOf({ tree: notebook, entrypoint: ['nb.ipynb'], overrides: { baseImage: 'a' } })).toMatchObject({
      warnings: ['nb.ipynb: "!pip install -i https://****@i.example six" is left out, it is not Python'],
    });
  });

  test('a plain Dockerfile that nobody named is not used', () => {
    expect(planOf({ tree: { ...tree, Dockerfile: 'FROM own' } }).kind).toBe('generated');
  });
});

describe('Dockerfile.wandb', () => {
  const wandb = (directory: string) => ({ ...tree, [`${directory}/Dockerfile.wandb`]: 'FROM wandb' });

  test.each<[string, Case, Record<string, unknown>]>([
    [
      'in a subdirectory makes that the context, and the entry point is named from there',
      { entrypoint: ['python', 'sub/train.py', '--lr', 'sub/x'] },
      { context: 'sub', dockerfile: 'Dockerfile.wandb', entrypoint: ['python', 'train.py', '--lr', 'sub/x'] },
    ],
    [
      'counts from a build context, which stays the context',
      { tree: wandb('sub/deep'), overrides: { buildContext: 'sub' }, entrypoint: ['deep/x.py'] },
      { context: 'sub', dockerfile: 'deep/Dockerfile.wandb', entrypoint: ['python', 'deep/x.py'] },
    ],
    [
      'is found in the working directory',
      { overrides: { workingDir: 'sub' }, entrypoint: ['train.py'] },
      { context: 'sub', dockerfile: 'Dockerfile.wandb', entrypoint: ['python', 'train.py'] },
    ],
    [
      'beside a module is not looked for, in the working directory it is',
      { overrides: { workingDir: 'sub' }, entrypoint: ['python', '-m', 'deep.x'] },
      { context: '.', dockerfile: 'sub/Dockerfile.wandb', entrypoint: ['python', '-m', 'deep.x'] },
    ],
    [
      'beside what a launcher starts',
      { entrypoint: ['accelerate', 'launch', '--num_processes', '2', 'sub/train.py'] },
      { context: 'sub', entrypoint: ['accelerate', 'launch', '--num_processes', '2', 'train.py'] },
    ],
  ])('%s', (_, request, expected) => {
    expect(planOf({ tree: wandb('sub'), ...request })).toMatchObject({ kind: 'dockerfile', ...expected });
  });

  test('elsewhere is not used', () => {
    expect(planOf({ tree: wandb('sub') }).kind).toBe('generated');
  });
});

test.each<[string, Case, string]>([
  [
    'a Dockerfile that is not there',
    { overrides: { dockerfile: 'docker/Cpu' } },
    'dockerfile: there is no file docker/Cpu in the source',
  ],
  [
    'and from where it was looked for',
    { overrides: { dockerfile: 'Gpu', buildContext: './sub/' } },
    'dockerfile: there is no file Gpu in the source, seen from its directory sub (buildContext)',
  ],
  [
    'a directory',
    { overrides: { dockerfile: 'docker' } },
    'dockerfile: docker is no file (but a directory or a link) in the source',
  ],
  [
    'a link',
    { overrides: { dockerfile: 'link' } },
    'dockerfile: link is no file (but a directory or a link) in the source',
  ],
  [
    'a way up',
    { overrides: { dockerfile: 'a/../../x' } },
    'dockerfile is "a/../../x": a path within the source, but it has an empty segment, "." or ".."',
  ],
  [
    'an absolute path',
    { overrides: { dockerfile: '/etc/passwd' } },
    'dockerfile is "/etc/passwd": a path within the source, but it is absolute',
  ],
  [
    'a newline',
    { overrides: { dockerfile: 'x\ny' } },
    'dockerfile is "x\\ny": a path within the source, but it contains a control character',
  ],
  [
    'a NUL',
    { job: { buildContext: 'x\0' } },
    'buildContext is "x\\u0000": a path within the source, but it contains a control character',
  ],
  [
    'a build context that is not there',
    { overrides: { buildContext: 'no' } },
    'buildContext: there is no directory no in the source',
  ],
  [
    'a build context that is a link',
    { overrides: { buildContext: 'link' } },
    'buildContext: link is no directory in the source',
  ],
  [
    'a working directory that is not there',
    { overrides: { workingDir: 'no' } },
    'workingDir: there is no directory no in the source',
  ],
  [
    'a working directory above',
    { overrides: { workingDir: '..' } },
    'workingDir is "..": a path within the source, but it has an empty segment, "." or ".."',
  ],
  [
    'Dockerfile and base image',
    { overrides: { dockerfile: 'docker/Gpu', baseImage: 'a' } },
    'dockerfile and baseImage are both given: an image is built by the one and not by the other; choose one',
  ],
  [
    'a base image that is none',
    { overrides: { baseImage: 'a b' } },
    'baseImage is "a b": a name such as registry.example/base:v1',
  ],
  [
    'a Dockerfile where nothing is built',
    { overrides: { dockerfile: 'docker/Gpu' }, builder: { type: 'none' } },
    'docker/Gpu cannot be built: the agent of this queue builds no images; give that agent `builder: {type: docker}`, or launch with a baseImage or a finished image (-d IMAGE)',
  ],
  [
    'an accelerator where nothing is built',
    { acceleratorImage: 'gpu', builder: { type: 'none' } },
    'a base image for accelerators needs an image to be built, and the agent of this queue builds none; give that agent `builder: {type: docker}`, or launch with a baseImage',
  ],
  ['a notebook that is not there', { entrypoint: ['a.ipynb'] }, 'entrypoint: there is no file a.ipynb in the source'],
  [
    'a notebook that is none',
    { tree: { 'a.ipynb': '{}' }, entrypoint: ['a.ipynb'] },
    'a.ipynb is no Jupyter notebook of version 4: save it again with a current Jupyter',
  ],
])('%s is refused in one sentence', (_, request, sentence) => {
  expect(refusalOf(request)).toBe(sentence);
});

test('what a Dockerfile of the user’s leaves unused is said', () => {
  expect(planOf({ overrides: { dockerfile: 'docker/Gpu', workingDir: 'sub' }, acceleratorImage: 'gpu' })).toMatchObject(
    {
      warnings: [
        'the base image for accelerators is not used: docker/Gpu names its own',
        'workingDir is not used: docker/Gpu names its own',
      ],
    },
  );
});

test('an engine gets Dockerfiles without their syntax lines', () => {
  const files = { ...tree, Dockerfile: '# syntax=docker/dockerfile:1\nFROM a' };
  expect(planOf({ tree: files, overrides: { dockerfile: 'Dockerfile' } })).toMatchObject({ text: '#\nFROM a' });
});

describe('without a builder', () => {
  const none = { type: 'none' } as const;

  test('code is mounted on the image of its version of Python', () => {
    expect(planOf({ builder: none, tree: { ...tree, 'runtime.txt': 'python-3.10.4' } })).toEqual({
      kind: 'mounted',
      baseImage: 'python:3.10-slim',
      context: '.',
      workingDir: '/mnt/relaunch/code',
      command: ['python', 'train.py'],
      files: {},
      warnings: [expect.stringContaining('there is no requirements.txt')],
    });
  });

  test('or on that of the agent’s file', () => {
    expect(planOf({ builder: { ...none, baseImage: 'registry.example/base' } })).toMatchObject({
      baseImage: 'registry.example/base',
    });
  });

  test('requirements are installed at start, and the command takes the shell’s place', () => {
    const files = { ...tree, 'requirements.txt': '--index-url=https://token@host/simple\nsix\n-e .\n' };
    const builder = {
      ...none,
      indexUrl: "https://i.example/it's",
      extraIndexUrls: ['https://a.example', 'https://b.example'],
      caBundle: 'PEM',
    };
    const plan = planOf({ builder, tree: files, overrides: { workingDir: 'sub' } });
    expect(plan).toMatchObject({
      workingDir: '/mnt/relaunch/code/sub',
      command: ['sh', '-c', expect.any(String), 'relaunch', 'python', 'train.py'],
      files: {
        '.relaunch/requirements/requirements.txt': '--index-url=https://token@host/simple\nsix\n# -e .\n',
        '.relaunch/local/requirements.txt': '-r ../requirements/requirements.txt\n-e .\n',
        '.relaunch/ca.pem': 'PEM',
        '.relaunch/mask.json': '["token@","token"]',
      },
      warnings: [],
    });
    const [, , script = ''] = plan.kind === 'mounted' ? plan.command : [];
    expect(script).toContain(`export PIP_INDEX_URL='https://i.example/it'\\''s'`);
    expect(script).toContain('--requirement=/mnt/relaunch/code/.relaunch/local/requirements.txt');
    expect(script).toContain("export PIP_EXTRA_INDEX_URL='https://a.example https://b.example'");
    expect(script.split('\n').at(-1)).toBe('PATH=/tmp/relaunch-env/bin:$PATH exec "$@"');
  });
});
