import { expect, test } from 'vitest';
import { fillMacros } from '../../contracts/fill-macros.ts';

const macros = {
  ...{ project_name: 'vision', entity_name: 'team', run_id: 'digits-1', run_name: 'digits', author: 'ada' },
  image_uri: 'registry.example/a@sha256:0',
};

test("W&B's T20: macros are filled at any depth, unknown ones stay", () => {
  const args = {
    a: ['${run_id}', { b: 'x-${project_name}-${run_name}' }],
    n: 1,
    z: null,
    c: '${HOME} ${other} $run_id',
  };
  expect(fillMacros(args, macros)).toEqual({
    ...args,
    a: ['digits-1', { b: 'x-vision-digits' }],
  });
});

test("W&B's T21: in labels and names, of run, author and image; of an agent's environment nothing", () => {
  const args = { labels: { run: '${run_id}', who: '${author}' }, image: '${image_uri}', path: '${PATH}' };
  expect(fillMacros(args, macros)).toEqual({
    ...{ labels: { run: 'digits-1', who: 'ada' }, image: 'registry.example/a@sha256:0', path: '${PATH}' },
  });
  expect(fillMacros(args, { ...macros, author: undefined, image_uri: undefined })).toMatchObject({
    ...{ labels: { who: '${author}' }, image: '${image_uri}' },
  });
});

test('where runs are is no matter of the run', () => {
  expect(fillMacros({ metadata: { namespace: '${author}' } }, macros)).toEqual({
    metadata: { namespace: '${author}' },
  });
});

test.each([
  ['..', 'none'],
  ['a..b', 'a.b'],
  ['../../etc', 'etc'],
  ['a:/b', 'a-b'],
  ['--privileged', 'privileged'],
  ['x y,z=\u0000"é', 'x-y-z-'],
  ['${run_id}', 'run_id-'],
])('a project that is called %j is no more than a word', (project_name, word) => {
  expect(fillMacros({ volume: '/data/${project_name}:/data' }, { ...macros, project_name })).toEqual({
    volume: `/data/${word}:/data`,
  });
});
