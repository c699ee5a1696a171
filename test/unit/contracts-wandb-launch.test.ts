import { describe, expect, test } from 'vitest';
import { formatIssues } from '../../contracts/issues.ts';
import { launchConfigOf } from '../../contracts/wandb-launch.ts';
import { faq } from '../support/faq.ts';

const specOf = (written: unknown) => {
  const read = launchConfigOf(written);
  return 'spec' in read ? read.spec : formatIssues(read.issues);
};
const notesOf = (written: unknown) => {
  const read = launchConfigOf(written);
  return 'spec' in read ? read.notes : formatIssues(read.issues);
};

describe('overrides', () => {
  test("of the FAQ's page name a Dockerfile and change neither arguments nor entry point", () => {
    const spec = { runConfig: { lr: 0, batch_size: 0, epochs: 0 }, dockerfile: './Dockerfile' };
    expect(launchConfigOf(JSON.parse(faq.overrides))).toEqual({ spec, notes: [] });
    expect(launchConfigOf({ overrides: JSON.parse(faq.overrides) as unknown })).toEqual({ spec, notes: [] });
  });

  test('are all of those that W&B has, by both of its spellings', () => {
    const all = { args: ['--a'], run_config: { lr: 1 }, artifacts: { data: 'd:v1' }, files: { 'a.yaml': { x: 1 } } };
    const ours = { args: ['--a'], runConfig: { lr: 1 }, artifacts: all.artifacts, files: all.files };
    expect(specOf({ ...all, entrypoint: ['b'], working_dir: 'sub/dir' })).toEqual({
      ...ours,
      entrypoint: ['b'],
      workingDir: 'sub/dir',
    });
    expect(specOf({ overrides: { ...all, entry_point: ['b'] } })).toEqual({ ...ours, entrypoint: ['b'] });
  });

  test('may say how an image is made', () => {
    expect(specOf({ base_image: 'b', builder: { accelerator: { base_image: 'a' }, base_image: 'c' } })).toEqual({
      baseImage: 'b',
      builder: { acceleratorImage: 'a', baseImage: 'c' },
    });
  });

  const nothing = { args: [], run_config: {}, entrypoint: null, entry_point: [], dockerfile: '', files: {}, artifacts: null, base_image: null, builder: {}, working_dir: null }; // prettier-ignore

  test.each([
    [{}],
    [nothing],
    [{ overrides: nothing }],
    [{ overrides: null }],
    [{ overrides: {}, job: null, git: {} }],
  ])('%j changes nothing', (written) => {
    expect(launchConfigOf(written)).toEqual({ spec: {}, notes: [] });
  });

  test.each([
    ['a text for a list', { args: 'x' }, 'args is "x": a list of texts'],
    ['a list of numbers', { overrides: { args: [1] } }, 'overrides.args.0 is 1'],
    ['a list for a path', { dockerfile: ['x'] }, 'dockerfile is ["x"]: a path'],
    ['no name of an image', { base_image: 'no image' }, 'base_image is "no image": a name such as'],
    ['a builder of its own', { builder: { base: 'x' } }, 'builder.base is "x": not a known field'],
    ['an unknown key', { docker_file: 'x' }, 'docker_file is "x": not a known field'],
    ['an unknown key beside them', { overrides: {}, docker_file: 'x' }, 'docker_file is "x": not a known field'],
    ['an unknown key in them', { overrides: { uri: 'x' } }, 'overrides.uri is "x": not a known field'],
    ['a list', [1], 'a map of overrides'],
  ])('with %s are refused', (_, written, sentence) => {
    expect(specOf(written)).toContain(sentence);
  });
});

describe('a whole configuration', () => {
  test.each([
    ['a job, with its entity', { job: 'team/vision/digits:v3' }, { source: { job: 'vision/digits:v3' } }],
    ['an image', { docker: { docker_image: 'train:v3' } }, { source: { image: 'train:v3' } }],
    ['an image, by its other name', { image_uri: 'train:v3' }, { source: { image: 'train:v3' } }],
    [
      'a commit',
      { uri: 'https://git.example/a.git', git: { version: 'v1', repo: null } },
      { source: { git: { url: 'https://git.example/a.git', ref: 'v1' } } },
    ],
    [
      'a repository alone',
      { git: { repo: 'git@git.example:a.git' } },
      { source: { git: { url: 'git@git.example:a.git' } } },
    ],
    ['both, for the launch to refuse (T1)', { job: 'j', image_uri: 'i' }, { source: { job: 'j', image: 'i' } }],
  ])('may launch %s', (_, written, spec) => {
    expect(specOf(written)).toEqual(spec);
  });

  test('says what the run is called, whose it is, and when it comes', () => {
    expect(specOf({ project: 'p', name: 'n', author: 'ada', priority: 0, python_version: '3.11' })).toEqual({
      ...{ project: 'p', name: 'n', user: 'ada', priority: 'critical', builder: { runtime: '3.11' } },
    });
    expect(specOf({ priority: 'low' })).toEqual({ priority: 'low' });
  });

  test('says something to its queue: variables (T8), and for backends, by both names, where what is of images is taken out', () => {
    const args = JSON.parse(faq.gpus) as object;
    expect(
      specOf({ template_variables: { i: 2, s: 'x' }, resource: 'local-container', resource_args: { 'local-container': args, kubernetes: {} } }), // prettier-ignore
    ).toEqual({
      variables: { i: 2, s: 'x' },
      builder: { acceleratorImage: 'tensorflow/tensorflow:latest-gpu' },
      resourceArgs: { docker: { gpus: 'all' } },
    });
  });

  test('names what means nothing here, and no key of anybody', () => {
    const written = {
      ...{
        entity: 'team',
        queue_entity: 'team',
        job: 'other/p/j',
        resource: 'kubernetes',
        run_id: 'abc',
        sweep_id: 's',
      },
      ...{ _resume_count: 1, _wandb_api_key: 'k3y', docker: { user_id: 1000 } },
    };
    const notes = notesOf(written);
    expect(notes).toHaveLength(7);
    expect(notes).toContain('entity "team" is not taken from the configuration: say --entity');
    expect(notes).toContain('resource "kubernetes": the queue decides where its runs go');
    expect(JSON.stringify(launchConfigOf(written))).not.toContain('k3y');
    expect(notesOf({ job: 'team/p/j' })).toEqual(['entity "team" is not taken from the configuration: say --entity']);
    expect(notesOf({ job: 'p/j', overrides: {} })).toEqual([]);
  });

  test.each([
    ['services', { additional_services: [{ name: 'x' }] }, 'services beside a run come later'],
    ['a level that there is not', { priority: 4 }, 'priority is 4: 0 to 3, or critical'],
    ['a resource type that there is not (T2)', { resource: 'gpu' }, 'resource is "gpu": one of local-process, local-container, gcp-vertex, kubernetes, sagemaker, process, docker, vertex; or none: the queue decides'], // prettier-ignore
    ['a directory', { uri: './code' }, 'uri is "./code": the URL of a git repository; a directory is --code'],
    ['arguments that are none', { resource_args: { docker: 'x' } }, 'resource_args.docker is "x": a map'],
    [
      'an image that is none',
      { resource_args: { kubernetes: { builder: { accelerator: { base_image: 'a b' } } } } },
      'resource_args.kubernetes.builder.accelerator.base_image is "a b"',
    ],
    ['overrides beside it that belong into it', { job: 'j', args: ['x'] }, 'args is ["x"]: not a known field'],
  ])('with %s is refused', (_, written, sentence) => {
    expect(specOf(written)).toContain(sentence);
  });
});
