import { DockerfileParser } from 'dockerfile-ast';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { generatedDockerfile, type PythonImage, type Recipe } from '../../activities/images/generated-dockerfile.ts';
import { imagePlan } from '../../activities/images/image-plan.ts';
import { pythonDependencies } from '../../activities/images/python-dependencies.ts';
import type { PythonSettings } from '../../activities/images/python-settings.ts';
import { RelaunchError } from '../../contracts/failures.ts';
import { failsAs } from '../support/fails-as.ts';
import { faqRequirements } from '../support/faq.ts';
import { sourceText } from '../support/source-text.ts';

function recipeOf(
  tree: Record<string, string>,
  image: Partial<PythonImage> = {},
  settings: PythonSettings = {},
): Recipe {
  const whole: PythonImage = {
    version: '3.12',
    dependencies: pythonDependencies(sourceText(tree)),
    entrypoint: ['python', 'train.py'],
    workingDir: '.',
    files: {},
    ...image,
  };
  return generatedDockerfile(whole, settings);
}

/** The instructions that an independent parser reads, each as it stands there, on one line. */
const instructions = (dockerfile: string): string[] =>
  DockerfileParser.parse(dockerfile)
    .getInstructions()
    .map((each) => {
      const { start, end } = each.getRange();
      const lines = dockerfile.split(/\r\n|\n|\r/).slice(start.line, end.line + 1);
      return lines.join('\n').replaceAll(/\\\n\s*/g, '');
    });

const user = [
  "RUN grep -q '^[^:]*:[^:]*:1000:' /etc/passwd || echo 'relaunch:x:1000:0::/home/relaunch:/bin/sh' >> /etc/passwd; " +
    'mkdir -p /home/relaunch/src && chown 1000:0 /home/relaunch /home/relaunch/src',
  'WORKDIR /home/relaunch/src',
  'COPY --chown=1000:0 src/ ./',
];

const cache = 'type=cache,id=relaunch-pip-3.12,target=/run/relaunch/cache';
const pip = '/env/bin/pip install --no-input --disable-pip-version-check --cache-dir=/run/relaunch/cache';

const end = [
  'ENV HOME=/home/relaunch PATH=/env/bin:$PATH PYTHONUNBUFFERED=1',
  'USER 1000:0',
  'ENTRYPOINT ["python","train.py"]',
];

test('the requirements are installed before the code is copied', () => {
  const { dockerfile, files, secrets, sourceAt } = recipeOf({ 'requirements.txt': 'six\n' });
  expect(instructions(dockerfile)).toEqual([
    'FROM python:3.12-slim',
    'USER root',
    'RUN python3 -m venv /env',
    `RUN --mount=type=bind,source=requirements,target=/run/relaunch/requirements --mount=${cache} ` +
      `${pip} --requirement=/run/relaunch/requirements/requirements.txt`,
    ...user,
    ...end,
  ]);
  expect({ files, secrets, sourceAt }).toEqual({
    files: { 'requirements/requirements.txt': 'six\n' },
    secrets: {},
    sourceAt: 'src',
  });
});

test('without requirements nothing is installed, and that is said', () => {
  const { dockerfile, warnings } = recipeOf({});
  expect(dockerfile).not.toContain('pip install');
  expect(warnings).toEqual([expect.stringContaining('Python alone is installed')]);
});

test('the code alone makes no difference to what is installed', () => {
  const tree = { 'requirements.txt': 'six' };
  expect(recipeOf({ ...tree, 'train.py': 'a' })).toEqual(recipeOf({ ...tree, 'train.py': 'b' }));
});

test('requirements that need the code are installed when it is there', () => {
  const { dockerfile, files } = recipeOf({ 'requirements.txt': 'six\n-e .\n' });
  const read = instructions(dockerfile);
  expect(read.slice(7)).toEqual([
    expect.stringMatching(/^RUN --mount=type=bind,source=requirements,.*source=local,.*\/local\/requirements\.txt$/),
    ...end,
  ]);
  expect(read[6]).toBe('COPY --chown=1000:0 src/ ./');
  expect(files).toEqual({
    'requirements/requirements.txt': 'six\n# -e .\n',
    'local/requirements.txt': '-r ../requirements/requirements.txt\n-e .\n',
  });
});

describe('credentials of package indexes', () => {
  const line = `${faqRequirements('https://xyz@repo.example', 'https://pub.example/simple')}six\n`;
  const settings = {
    indexUrl: 'https://u:s3cret@index.example/simple',
    extraIndexUrls: ['https://e.example'],
    caBundle: 'PEM',
  };
  const recipe = recipeOf({ 'requirements.txt': line }, {}, settings);

  test('are in secrets, and nowhere else', () => {
    expect(recipe.secrets).toEqual({
      'relaunch-pip-config':
        '[global]\nindex-url = https://u:s3cret@index.example/simple\nextra-index-url =\n  https://e.example\ncert = /run/relaunch/ca.pem\n',
      'relaunch-ca': 'PEM',
      'relaunch-requirements-0': line.replace('----', '--'),
    });
    const { dockerfile, files, warnings } = recipe;
    expect(JSON.stringify([dockerfile, files, warnings])).not.toMatch(/xyz|s3cret/);
  });

  test('are masked in the source that is copied', () => {
    const masked = 'https://****@repo.example';
    expect(recipe.files).toMatchObject({
      'src/requirements.txt': line.replace('https://xyz@repo.example', masked),
      'requirements/requirements.txt': line.replace('----', '--').replace('https://xyz@repo.example', masked),
    });
  });

  test('are to be masked in logs', () => {
    expect(recipe.mask).toEqual(['xyz@', 'u:s3cret@', 's3cret']);
  });

  test('lie over the masked file while it is installed, which fails without them', () => {
    expect(recipe.dockerfile).toContain(
      '--mount=type=secret,id=relaunch-requirements-0,target=/run/relaunch/requirements/requirements.txt,required=true',
    );
    expect(recipe.dockerfile).toContain('PIP_CONFIG_FILE=/run/relaunch/pip.conf /env/bin/pip');
    expect(recipe.dockerfile).not.toMatch(/^(ARG|ENV .*PIP)/m);
  });

  test('four dashes are put right, with a word about it', () => {
    expect(recipe.warnings).toEqual([
      'requirements.txt: an option has more than two dashes, it is taken as one with two',
    ]);
  });
});

describe('on an image for accelerators', () => {
  const { dockerfile } = recipeOf({}, { acceleratorImage: 'tensorflow/tensorflow:latest-gpu', version: '3.11' });
  const read = instructions(dockerfile);

  test('Python comes by apt, then the steps are the same', () => {
    expect(read[0]).toBe('FROM tensorflow/tensorflow:latest-gpu');
    expect(read[2]).toMatch(/apt-get install --yes --no-install-recommends python3\.11 python3\.11-venv/);
    expect(read.slice(3)).toEqual(['RUN python3.11 -m venv --system-site-packages /env', ...user, ...end]);
  });

  test.each([
    [
      'that is not of the Debian family',
      'the accelerator base image has no apt-get: it has to be of the Debian family',
    ],
    ['whose apt has no such Python', 'apt of the accelerator base image has no python3.11, only: '],
  ])('one %s has a sentence for it', (_, sentence) => {
    expect(read[2]).toContain(sentence);
  });

  test('one that is no name is refused', () => {
    expect(() => recipeOf({}, { acceleratorImage: 'a\nRUN x' })).toThrow(failsAs('LaunchRejected'));
  });
});

test('the working directory is one of the source', () => {
  expect(instructions(recipeOf({}, { workingDir: 'sub/dir' }).dockerfile)).toContain(
    'WORKDIR /home/relaunch/src/sub/dir',
  );
});

test('the base image is what the agent’s file says', () => {
  expect(recipeOf({}, {}, { pythonImage: '127.0.0.1:5000/base/python:{version}' }).dockerfile).toContain(
    'FROM 127.0.0.1:5000/base/python:3.12\n',
  );
});

test('a table of the FAQ: code with an accelerator image gets it by way of the plan', () => {
  const source = { files: sourceText({ 'train.py': '', 'runtime.txt': '3.10' }) };
  const builder = { type: 'docker' as const };
  const request = { source, entrypoint: ['train.py'], overrides: {}, builder, acceleratorImage: 'gpu' };
  expect(imagePlan(request)).toMatchObject({
    kind: 'generated',
    recipe: {
      dockerfile: expect.stringMatching(
        /^FROM gpu$[^]*python3\.10-venv[^]*^ENTRYPOINT \["python","train\.py"\]$/m,
      ) as string,
    },
  });
});

describe('whatever is put in', () => {
  const nasty = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc
      .array(
        fc.constantFrom(
          '\n',
          '\r',
          '\\',
          '"',
          "'",
          '${PATH}',
          '$(id)',
          '#',
          ' ',
          '`',
          '<<EOF',
          '\nEOF\n',
          '# escape=`\n',
          '\nRUN id\n',
          '\nFROM x',
          ',',
          'a',
          '/',
          '[',
          ']',
          '\u2028',
          '\u0085',
          '\ufeff',
          '../',
          '--mount=x',
          '\nUSER root',
          '-r x\n',
          'https://u:p@h/\n',
        ),
      )
      .map((parts) => parts.join('')),
  );

  /** The instructions, or that it was refused in one sentence. */
  function outcome(make: () => Recipe): { lines: string[] } | 'refused' {
    try {
      return { lines: instructions(make().dockerfile) };
    } catch (error) {
      if (error instanceof RelaunchError && error.type === 'LaunchRejected' && !/[\n\r]/.test(error.message))
        return 'refused';
      throw error;
    }
  }

  const keywords = (lines: readonly string[]): string[] => lines.map((line) => line.split(' ')[0] ?? '');
  const plain = ['FROM', 'USER', 'RUN', 'RUN', 'WORKDIR', 'COPY', 'ENV', 'USER', 'ENTRYPOINT'];

  function check(
    make: (text: string) => Recipe,
    expected: readonly string[],
    last?: (text: string) => readonly string[],
  ): void {
    fc.assert(
      fc.property(nasty, (text) => {
        const out = outcome(() => make(text));
        if (out === 'refused') return;
        expect(keywords(out.lines)).toEqual(expected);
        if (last !== undefined) {
          expect(JSON.parse((out.lines.at(-1) ?? '').replace('ENTRYPOINT ', ''))).toEqual(last(text));
        }
      }),
      { numRuns: 500 },
    );
  }

  test('an entry point’s words arrive as they are', () => {
    check(
      (text) => recipeOf({}, { entrypoint: ['python', text, text] }),
      plain,
      (text) => ['python', text, text].map((word) => word.toWellFormed()),
    );
  });

  test.each<[string, (text: string) => Recipe, readonly string[]]>([
    ['a working directory', (workingDir) => recipeOf({}, { workingDir }), plain.toSpliced(6, 0, 'WORKDIR')],
    ['a version', (version) => recipeOf({}, { version }), plain],
    [
      'a version of an accelerator',
      (version) => recipeOf({}, { version, acceleratorImage: 'a' }),
      plain.toSpliced(2, 0, 'RUN'),
    ],
    [
      'an image for accelerators',
      (acceleratorImage) => recipeOf({}, { acceleratorImage }),
      plain.toSpliced(2, 0, 'RUN'),
    ],
    ['the agent’s base image', (pythonImage) => recipeOf({}, {}, { pythonImage }), plain],
    [
      'requirements',
      (text) => recipeOf({ 'requirements.txt': `six\n${text.replaceAll('-r', '')}` }),
      plain.toSpliced(2, 0, 'RUN'),
    ],
    [
      'the name of a secret file',
      (name) => recipeOf({ 'requirements.txt': `-r ${name}`, [name]: 'https://u:p@h/' }),
      plain.toSpliced(2, 0, 'RUN'),
    ],
    [
      'dependencies of a project',
      (text) => recipeOf({ 'pyproject.toml': `[project]\ndependencies = [${JSON.stringify(text)}]` }),
      plain.toSpliced(2, 0, 'RUN'),
    ],
    ['frozen requirements', (text) => recipeOf({ 'requirements.frozen.txt': text }), plain.toSpliced(2, 0, 'RUN')],
    ['the name of a file of ours', (name) => recipeOf({}, { files: { [name]: name } }), plain],
  ])('%s makes no other instructions', (_, make, expected) => {
    // Requirements that need the code are one more step, after it.
    const withLocal = expected.toSpliced(expected.indexOf('COPY') + 1, 0, 'RUN');
    fc.assert(
      fc.property(nasty, (text) => {
        const out = outcome(() => make(text));
        if (out !== 'refused') expect([expected, withLocal]).toContainEqual(keywords(out.lines));
      }),
      { numRuns: 300 },
    );
  });
});
