import { describe, expect, test } from 'vitest';
import { builderOf, overridesOf } from '../../contracts/wandb.ts';
import { faq } from '../support/faq.ts';

test("the FAQ's overrides name a Dockerfile and change neither arguments nor entry point", () => {
  expect(overridesOf(JSON.parse(faq.overrides))).toEqual({
    overrides: { runConfig: { lr: 0, batch_size: 0, epochs: 0 }, dockerfile: './Dockerfile' },
  });
});

test('overrides as the client writes them', () => {
  expect(overridesOf({ overrides: { dockerfile: 'd', working_dir: 'sub/dir', files: {}, artifacts: {} } })).toEqual({
    overrides: { dockerfile: 'd', workingDir: 'sub/dir' },
  });
});

test('overrides with a base image, and with what is about images', () => {
  expect(overridesOf({ base_image: 'b', builder: { accelerator: { base_image: 'a' }, base_image: 'c' } })).toEqual({
    overrides: { baseImage: 'b', builder: { acceleratorImage: 'a', baseImage: 'c' } },
  });
  expect(overridesOf({ base_image: 'no image', builder: { base: 'x' } })).toMatchObject({
    issues: [{ path: 'base_image' }, { path: 'builder.base' }],
  });
});

test.each([null, ''])('a Dockerfile that is %j is not overridden', (dockerfile) => {
  expect(overridesOf({ dockerfile, working_dir: null })).toEqual({ overrides: {} });
});

test('a Dockerfile that is no text is an issue', () => {
  expect(overridesOf({ dockerfile: ['x'] })).toEqual({
    issues: [{ path: 'dockerfile', value: '["x"]', rule: 'a path' }],
  });
});

describe("a queue's arguments", () => {
  test.each([
    ["the FAQ's first", JSON.parse(faq.accelerator), { acceleratorImage: 'image-name' }, {}],
    [
      "the FAQ's second",
      JSON.parse(faq.gpus),
      { acceleratorImage: 'tensorflow/tensorflow:latest-gpu' },
      { gpus: 'all' },
    ],
    ['0.15.6 and before', { builder: { cuda: { base_image: 'c' } } }, { acceleratorImage: 'c' }, {}],
    [
      'both spellings',
      { builder: { cuda: { base_image: 'c' }, accelerator: { base_image: 'a' } } },
      { acceleratorImage: 'a' },
      {},
    ],
    ['a base image', { builder: { base_image: 'b' }, cpus: 1 }, { baseImage: 'b' }, { cpus: 1 }],
    ['none', { builder: { accelerator: null }, volume: ['x'] }, {}, { volume: ['x'] }],
  ])('%s', (_, args, builder, rest) => {
    expect(builderOf(args)).toEqual({ builder, rest });
  });

  const image = (base_image: unknown) => ({ builder: { accelerator: { base_image } } });

  test.each(['base', 'team/base:v1', 'host:5000/base:v1', `host:5000/base@sha256:${'0a'.repeat(32)}`])(
    'may name the accelerator image %s',
    (name) => {
      expect(builderOf(image(name))).toMatchObject({ builder: { acceleratorImage: name } });
    },
  );

  test.each(['a\nRUN x', 'a b', 'a#b', 'a@sha256:12', 'a$B', '', 5, ['a']])(
    'may not name the accelerator image %j',
    (name) => {
      expect(builderOf(image(name))).toMatchObject({ issues: [{ path: 'builder.accelerator.base_image' }] });
    },
  );

  test.each([
    ['a key that nobody knows', { builder: { acelerator: {} } }, 'builder.acelerator'],
    ['a builder that is none', { builder: 'docker' }, 'builder'],
    ['no map', [], ''],
  ])('with %s are refused', (_, args, path) => {
    expect(builderOf(args)).toMatchObject({ issues: [{ path }] });
  });
});
