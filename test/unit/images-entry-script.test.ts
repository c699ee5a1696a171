import { describe, expect, test } from 'vitest';
import { entryScript, withInterpreter } from '../../activities/images/entry-script.ts';
import { scriptOf } from '../../activities/images/notebook.ts';
import { imagePlan } from '../../activities/images/image-plan.ts';
import { failsAs } from '../support/fails-as.ts';
import { sourceText } from '../support/source-text.ts';

const files = sourceText({
  'train.py': '',
  'run.sh': '',
  run: '',
  'a.ipynb': '',
  'pkg/mod.py': '',
  'pkg/__main__.py': '',
  'data.py': '',
  'sub/x.py': '',
});

test.each([
  ['python train.py', 1, 'train.py'],
  ['train.py', 0, 'train.py'],
  ['./sub/../train.py', 0, 'train.py'],
  ['bash run.sh', 1, 'run.sh'],
  ['./run --config data.json', 0, 'run'],
  ['python -u train.py --data data.py', 2, 'train.py'],
  ['accelerate launch --num_processes 2 train.py', 4, 'train.py'],
  ['torchrun --nproc-per-node=2 train.py', 2, 'train.py'],
  ['python -m pkg.mod', 2, 'pkg/mod.py'],
  ['python -m pkg', 2, 'pkg/__main__.py'],
  ['accelerate launch -m pkg.mod data.py', 3, 'pkg/mod.py'],
  ['python -m torch.distributed.run train.py', 3, 'train.py'],
  ['papermill a.ipynb out.ipynb', 1, 'a.ipynb'],
])('%s runs word %i: %s', (command, index, path) => {
  expect(entryScript(command.split(' '), files, '.')).toMatchObject({ index, path });
});

test.each([
  ['a program of the image', ['nvidia-smi']],
  ['a script that is not in the source', ['python', 'x.py']],
  ['an absolute path', ['python', '/train.py']],
  ['a script above', ['python', '../train.py']],
  ['a command in a word', ['bash', '-c', 'python train.py']],
  ['nothing', []],
])('%s is no script of the source', (_, words) => {
  expect(entryScript(words, files, '.')).toBeUndefined();
});

test('paths count from the working directory', () => {
  expect(entryScript(['x.py'], files, 'sub')).toEqual({ index: 0, path: 'sub/x.py', isModule: false });
});

test.each([
  [
    ['train.py', '--lr', '1'],
    ['python', 'train.py', '--lr', '1'],
  ],
  [['run.sh'], ['bash', 'run.sh']],
  [
    ['python', 'train.py'],
    ['python', 'train.py'],
  ],
  [
    ['accelerate', 'launch', 'train.py'],
    ['accelerate', 'launch', 'train.py'],
  ],
  [['./run'], ['./run']],
])('%j is run as %j', (words, expected) => {
  expect(withInterpreter(words)).toEqual(expected);
});

const notebook = (...sources: (string | string[])[]): string =>
  JSON.stringify({
    nbformat: 4,
    nbformat_minor: 5,
    metadata: { language_info: { name: 'python' } },
    cells: [
      { cell_type: 'markdown', source: ['# Title'] },
      ...sources.map((source) => ({ cell_type: 'code', source, outputs: [], execution_count: null })),
    ],
  });

describe('a notebook', () => {
  test('becomes its code, in order', () => {
    expect(scriptOf('a.ipynb', notebook(['x = 1\n', 'y = 2'], 'print(x % y)'))).toEqual({
      script: 'x = 1\ny = 2\n\nprint(x % y)\n',
      dropped: [],
    });
  });

  test('loses what only IPython understands, and stays Python', () => {
    const cell = ['!pip install six\n', 'if True:\n', '    %matplotlib inline\n', 'a = 5\n', 'b = (a\n', '  % 3)'];
    expect(scriptOf('a.ipynb', notebook(cell, '%%bash\nrm -rf x', '%%time\nprint(1)'))).toEqual({
      script: [
        'pass  # !pip install six',
        'if True:',
        '    pass  # %matplotlib inline',
        'a = 5',
        'b = (a',
        '  % 3)',
        '',
        'pass  # %%bash',
        'pass  # rm -rf x',
        '',
        'pass  # %%time',
        'print(1)',
        '',
      ].join('\n'),
      dropped: ['!pip install six', '%matplotlib inline', '%%bash', 'rm -rf x', '%%time'],
    });
  });

  test('in another language is refused', () => {
    const r = JSON.stringify({ nbformat: 4, metadata: { language_info: { name: 'R' } }, cells: [] });
    expect(() => scriptOf('a.ipynb', r)).toThrow(failsAs('LaunchRejected'));
  });

  test.each([
    [
      ['sub/a.ipynb', '--n', '1'],
      ['python', 'sub/a.ipynb.py', '--n', '1'],
    ],
    [
      ['python3', 'sub/a.ipynb'],
      ['python3', 'sub/a.ipynb.py'],
    ],
  ])('%j is run as %j, with that script added', (entrypoint, words) => {
    const source = { files: sourceText({ 'sub/a.ipynb': notebook('x = 1') }) };
    const request = { source, entrypoint, overrides: {}, builder: { type: 'docker' as const } };
    expect(imagePlan(request)).toMatchObject({
      kind: 'generated',
      entrypoint: words,
      recipe: { files: { 'src/sub/a.ipynb.py': 'x = 1\n' } },
    });
  });
});
