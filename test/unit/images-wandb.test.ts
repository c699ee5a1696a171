import { describe, expect, test } from 'vitest';
import { builderOf } from '../../contracts/wandb.ts';
import { faq } from '../support/faq.ts';

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
