import { DockerfileParser } from 'dockerfile-ast';
import { describe, expect, test } from 'vitest';
import { baseImagesOf } from '../../activities/images/base-images.ts';
import { instructionsOf } from '../../activities/images/dockerfile-instructions.ts';
import { withoutSyntax } from '../../activities/images/without-syntax.ts';

const text = (...lines: string[]): string => lines.join('\n');

describe('syntax lines', () => {
  test.each([
    ['the usual one', text('# syntax=docker/dockerfile:1', 'FROM a'), text('#', 'FROM a')],
    ['with spaces and capitals', text('#   SynTax = x:1', '', 'FROM a'), text('#', '', 'FROM a')],
    ['behind a mark of the byte order, with CRLF', '\ufeff# syntax=x\r\nFROM a\r\n', '#\nFROM a\n'],
    [
      'below another comment, where they count for nothing',
      text('# Ours', '# syntax=x', 'FROM a'),
      text('# Ours', '#', 'FROM a'),
    ],
    ['two of them', text('# syntax=x', '# syntax=y', 'FROM a'), text('#', '#', 'FROM a')],
    [
      'before an escape, which must come first',
      text('# syntax=x', '# escape=`', 'FROM a'),
      text('# escape=`', '#', 'FROM a'),
    ],
    ['behind an escape', text('# escape=`', '# syntax=x', 'FROM a'), text('# escape=`', '#', 'FROM a')],
    [
      'before an escape that counts for nothing',
      text('# syntax=x', '# Ours', '# escape=`', 'FROM a'),
      text('#', '# Ours', '# escape=`', 'FROM a'),
    ],
  ])('are taken out: %s', (_, before, after) => {
    expect(withoutSyntax(before)).toBe(after);
  });

  test.each([
    ['none', text('# escape=`', 'FROM a', '# syntax=x')],
    ['one in a heredoc', text('FROM a', 'RUN <<E', '# syntax=x', 'E')],
    ['nothing at all', ''],
  ])('where there is %s the text stays', (_, same) => {
    expect(withoutSyntax(same)).toBe(same);
  });
});

test.each(['// syntax=x', '{"syntax":"x"}', ' // syntax = x', '#!/usr/bin/x\n//syntax=x'])(
  'what only newer engines take for a syntax line is refused: %j',
  (line) => {
    expect(() => withoutSyntax(text(line, 'FROM a'))).toThrow(/^the Dockerfile begins with "(\/\/|\{)": /);
  },
);

describe('instructions', () => {
  const dockerfile = text(
    '# comment',
    'from a',
    '',
    'RUN one \\',
    '  # between',
    '',
    '  two \\  ',
    '  three',
    "RUN <<'EOF' cat",
    'FROM heredoc',
    'EOF',
    'COPY <<-A <<B /x/',
    'FROM a',
    '\tA',
    'FROM b',
    'B',
    'CMD x \\\\',
    'USER 1',
  );

  test('have their lines joined, without comments and heredocs', () => {
    expect(instructionsOf(dockerfile)).toEqual([
      { keyword: 'FROM', rest: 'a' },
      { keyword: 'RUN', rest: 'one   two   three' },
      { keyword: 'RUN', rest: "<<'EOF' cat" },
      { keyword: 'COPY', rest: '<<-A <<B /x/' },
      { keyword: 'CMD', rest: 'x \\\\' },
      { keyword: 'USER', rest: '1' },
    ]);
  });

  test('are continued by what the escape directive says', () => {
    expect(instructionsOf(text('# escape=`', 'RUN a `', '  b', 'RUN c:\\', 'CMD d'))).toMatchObject([
      { keyword: 'RUN', rest: 'a   b' },
      { keyword: 'RUN', rest: 'c:\\' },
      { keyword: 'CMD', rest: 'd' },
    ]);
  });

  test('are those that another parser reads', () => {
    const written = text('FROM a AS b', 'RUN x \\', ' y', 'COPY --from=b /a /b', 'ENV A=b \\', '# c', ' C=d');
    const read = DockerfileParser.parse(written).getInstructions();
    expect(instructionsOf(written).map(({ keyword }) => keyword)).toEqual(read.map((each) => each.getKeyword()));
  });
});

describe('base images', () => {
  test.each<[string, string, string[]]>([
    ['of one stage', 'FROM python:3.12', ['python:3.12']],
    ['with platform and name', 'from --platform=$BUILDPLATFORM python AS base', ['python']],
    [
      'of stages, which are none',
      text('FROM a AS One', 'FROM one AS two', 'FROM b', 'COPY --from=two /x /'),
      ['a', 'b'],
    ],
    ['of scratch', 'FROM scratch', []],
    ['twice the same', text('FROM a', 'FROM a'), ['a']],
    ['of defaults', text('ARG V=3.12', 'ARG NAME="python:${V}"', 'FROM $NAME-slim'), ['python:3.12-slim']],
    ['of defaults in place', 'FROM ${BASE:-python}:${TAG-latest}${X:+no}', ['python:latest']],
    ['of an argument that only later stages have', text('FROM a', 'ARG B=b', 'FROM $B'), ['a']],
    [
      'of copied images',
      text('FROM a', 'COPY --chown=1:1 --from=tools:1 /x /', 'COPY --from=0 /x /', 'ADD x /'),
      ['a', 'tools:1'],
    ],
    [
      'of mounted images',
      text(
        'FROM a',
        'RUN --mount=type=bind,from=data:1,target=/d \\',
        ' --mount=type=cache,target=/c cp --from=no /d /x',
      ),
      ['a', 'data:1'],
    ],
    ['not in heredocs and comments', text('FROM a', '# FROM b', 'RUN <<E', 'FROM c', 'E'), ['a']],
    ['of nothing', '', []],
  ])('%s', (_, dockerfile, expected) => {
    expect(baseImagesOf(dockerfile)).toEqual(expected);
  });

  test('build arguments win over defaults, undeclared ones count for nothing', () => {
    const dockerfile = text('ARG A=a', 'ARG B', 'FROM $A', 'FROM $B', 'FROM $C');
    expect(baseImagesOf(dockerfile, { A: 'x', B: 'y', C: 'z' })).toEqual(['x', 'y']);
    expect(baseImagesOf(dockerfile)).toEqual(['a']);
  });
});
