import { describe, expect, test } from 'vitest';
import { pythonDependencies } from '../../activities/images/python-dependencies.ts';
import { pythonImage, pythonVersion } from '../../activities/images/python-version.ts';
import { withoutCredentials } from '../../contracts/url-credentials.ts';
import { failsAs } from '../support/fails-as.ts';
import { sourceText } from '../support/source-text.ts';

const wantedBy = (tree: Record<string, string>) => pythonDependencies(sourceText(tree));

describe('the version of Python', () => {
  test.each<[string, Record<string, string>, string | undefined, string]>([
    ['of nothing', {}, undefined, '3.12'],
    ['of the job', { 'runtime.txt': '3.9' }, '3.11', '3.11'],
    ['of runtime.txt', { 'runtime.txt': 'python-3.10.4\n', '.python-version': '3.9' }, undefined, '3.10'],
    ['of .python-version', { '.python-version': '# ours\n\n3.13.0\n3.9.1\n' }, undefined, '3.13'],
    ['of an empty file', { 'runtime.txt': '\n' }, undefined, '3.12'],
    ['of a link', { 'runtime.txt': '-> /etc/passwd' }, undefined, '3.12'],
  ])('%s', (_, tree, runtime, expected) => {
    expect(pythonVersion(sourceText(tree), runtime)).toBe(expected);
  });

  test.each(['2.7', '3', '4.1', 'python', '3.x', '3.12-dev', 'myenv', '3.123', '3.1 3.2', '3.1\\n'])(
    '%j is none',
    (text) => {
      expect(() => pythonVersion(sourceText({ '.python-version': text }))).toThrow(
        `.python-version is ${JSON.stringify(text)}: a version of Python such as 3.11`,
      );
    },
  );

  test('names the base image', () => {
    expect([pythonImage('3.11'), pythonImage('3.11', 'registry.example/py-{version}:{version}')]).toEqual([
      'python:3.11-slim',
      'registry.example/py-3.11:3.11',
    ]);
  });
});

describe('dependencies', () => {
  const requirements = { 'requirements.txt': 'six\n' };
  const pyproject = {
    'pyproject.toml': '[project]\nname = "x"\ndependencies = ["numpy>=2", \'torch ; python_version>"3.9"\']\n',
  };
  const frozen = { 'requirements.frozen.txt': 'six==1.16.0\ntabulate==0.9.0 ; python_version > "3"\n' };

  test.each([
    ['requirements.txt alone', requirements, 'six\n'],
    ['requirements.txt over the others', { ...frozen, ...pyproject, ...requirements }, 'six\n'],
    ['pyproject.toml alone', pyproject, 'numpy>=2\ntorch ; python_version>"3.9"\n'],
    ['pyproject.toml over frozen ones', { ...frozen, ...pyproject }, 'numpy>=2\ntorch ; python_version>"3.9"\n'],
    ['frozen ones alone', frozen, 'six==1.16.0\ntabulate==0.9.0 ; python_version > "3"\n'],
    [
      'frozen ones beside a project without',
      { ...frozen, 'pyproject.toml': '[tool.x]' },
      frozen['requirements.frozen.txt'],
    ],
    ['an empty list of a project', { ...frozen, 'pyproject.toml': '[project]\ndependencies = []' }, ''],
  ])('of %s', (_, tree, expected) => {
    expect(wantedBy(tree).files).toEqual({ 'requirements.txt': expected });
  });

  test('of nothing are none, with a warning', () => {
    expect(wantedBy({ 'pyproject.toml': '[project]\ndynamic = ["dependencies"]' })).toMatchObject({
      files: {},
      warnings: [expect.stringContaining('dynamic'), expect.stringContaining('Python alone is installed')],
    });
  });

  test('frozen lines that mean nothing elsewhere are left out, with a warning each', () => {
    const text = ['six==1', '-e /home/me/x', 'x @ file:///tmp/x', 'y @ https://h/y.whl', '--index-url=x', 'conda'].join(
      '\n',
    );
    const { files, warnings } = wantedBy({ 'requirements.frozen.txt': text });
    expect(files).toEqual({ 'requirements.txt': 'six==1\ny @ https://h/y.whl\n' });
    expect(warnings).toEqual(
      ['-e /home/me/x', 'x @ file:///tmp/x', '--index-url=x', 'conda'].map(
        (line) => `requirements.frozen.txt: ${JSON.stringify(line)} is left out: it is no package of an index`,
      ),
    );
  });

  test('frozen lines are shown without their credentials', () => {
    const long = `-e git+https://ada:${'s3cr3t'.repeat(20)}@h/x`;
    expect(wantedBy({ 'requirements.frozen.txt': long }).warnings).toEqual([
      'requirements.frozen.txt: "-e git+https://****@h/x" is left out: it is no package of an index',
    ]);
  });

  test('come with the files that they refer to', () => {
    const tree = {
      'requirements.txt': '-r reqs/base.txt\n--constraint=c.txt\n-rreqs/base.txt\n-r https://host/x.txt\n',
      'reqs/base.txt': '-c ../c.txt\n-r more.txt # why\nnumpy\n',
      'reqs/more.txt': '-r base.txt\n',
      'c.txt': 'numpy<2\n',
      'unused.txt': '',
    };
    expect(Object.keys(wantedBy(tree).files).sort()).toEqual([
      'c.txt',
      'reqs/base.txt',
      'reqs/more.txt',
      'requirements.txt',
    ]);
  });

  test.each([
    [
      'is missing',
      '-r no.txt',
      'requirements.txt refers to "no.txt", which cannot be used: there is no file no.txt in the source',
    ],
    [
      'is outside',
      '-r ../x.txt',
      'requirements.txt refers to "../x.txt", which cannot be used: it is outside the source',
    ],
    ['is absolute', '-c /etc/passwd', 'requirements.txt refers to "/etc/passwd", which cannot be used: it is absolute'],
    [
      'is a link',
      '-r link',
      'requirements.txt refers to "link", which cannot be used: there is no file link in the source',
    ],
  ])('on a file that %s are refused', (_, text, sentence) => {
    expect(() => wantedBy({ 'requirements.txt': text, link: '-> /etc/passwd' })).toThrow(sentence);
  });

  test.each([
    '-e .',
    '.',
    '.[dev]',
    './libs/x',
    '-e ./libs/x',
    '--editable=libs/x',
    'libs/x',
    'wheels/x-1.whl',
    'file:libs/x',
  ])('%s needs the code', (line) => {
    expect(wantedBy({ 'requirements.txt': `six\n${line}\n` })).toMatchObject({
      files: { 'requirements.txt': `six\n# ${line}\n` },
      local: [line],
    });
  });

  test.each([
    'six',
    'x @ https://host/x.whl',
    '-e git+https://host/x.git#egg=x',
    'git+ssh://git@host/x',
    '# ./x',
    '--no-binary=x',
  ])('%s does not', (line) => {
    expect(wantedBy({ 'requirements.txt': line }).local).toEqual([]);
  });

  test('continued lines stay together', () => {
    const text = 'six==1 \\\n  --hash=sha256:aa\n-e \\\n  .\nnumpy';
    expect(wantedBy({ 'requirements.txt': text })).toMatchObject({
      files: { 'requirements.txt': 'six==1 \\\n  --hash=sha256:aa\n# -e .\nnumpy' },
      local: ['-e .'],
    });
  });

  test.each([
    ['no TOML', 'dependencies = [', /^pyproject\.toml cannot be read: [^\n]*$/],
    ['something else than a list', '[project]\ndependencies = "x"', /is a list of texts/],
    ['an option', '[project]\ndependencies = ["--index-url=x"]', /"--index-url=x" in .* is no requirement/],
    ['two lines', '[project]\ndependencies = ["a\\nb"]', /is no requirement/],
  ])('in a pyproject.toml with %s are refused', (_, text, sentence) => {
    expect(() => wantedBy({ 'pyproject.toml': text })).toThrow(failsAs('LaunchRejected'));
    expect(() => wantedBy({ 'pyproject.toml': text })).toThrow(sentence);
  });

  test('with credentials anywhere are masked in the source and kept apart', () => {
    const tree = {
      'requirements.txt': '-r base.txt\nx @ https://u:pa%20ss@host/x.whl\n',
      'base.txt': '--index-url https://token@host\n',
      'pyproject.toml': '# https://hidden@host\n',
    };
    expect(wantedBy(tree)).toMatchObject({
      files: {
        'requirements.txt': '-r base.txt\nx @ https://****@host/x.whl\n',
        'base.txt': '--index-url https://****@host\n',
      },
      secret: { 'requirements.txt': tree['requirements.txt'], 'base.txt': tree['base.txt'] },
      masked: {
        'requirements.txt': '-r base.txt\nx @ https://****@host/x.whl\n',
        'base.txt': '--index-url https://****@host\n',
        'pyproject.toml': '# https://****@host\n',
      },
      mask: ['u:pa%20ss@', 'pa%20ss', 'pa ss', 'token@', 'token', 'hidden@', 'hidden'],
    });
  });
});

test.each([
  ['https://xyz@host/simple', 'https://****@host/simple', ['xyz@']],
  ['https://__token__:pypi-abc@host', 'https://****@host', ['__token__:pypi-abc@', 'pypi-abc']],
  ['https://user:p@ss@host', 'https://****@host', ['user:p@ss@', 'p@ss']],
  ['https://token:@host', 'https://****@host', ['token:@', 'token']],
  ['git+https://tok-en@host/x@v1', 'git+https://****@host/x@v1', ['tok-en@', 'tok-en']],
  ['git+ssh://git@host/x', 'git+ssh://git@host/x', []],
  ['ssh://git:word@host/x', 'ssh://****@host/x', ['git:word@', 'word']],
  ['https://host/a@b https://host?x@y', 'https://host/a@b https://host?x@y', []],
  ['me@host.example', 'me@host.example', []],
])('of %s is seen %s', (text, seen, mask) => {
  expect(withoutCredentials(text)).toEqual({ text: seen, mask });
});

test('a long text is read in no time', () => {
  for (const part of ['a-', 'a:', '://', 'a://a', 'x@', 'a+a+']) {
    const started = performance.now();
    withoutCredentials(part.repeat(300_000));
    expect(performance.now() - started).toBeLessThan(3_000);
  }
});
