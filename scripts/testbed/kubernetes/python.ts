import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';

/** Debian's, which has its library in one place. */
export const python = '/usr/bin/python3';

export const modulesOfPython = 'json, csv, random, signal, os, time, pathlib, math, argparse';

/** Of the standard library, what no job needs: tests, tools, windows. */
export const leftOutOfPython = [
  'test',
  'idlelib',
  'lib2to3',
  'ensurepip',
  'distutils',
  'pydoc_data',
  'tkinter',
  'turtledemo',
];

/** Paths of this machine that make a Python which runs in an empty root. */
export async function filesOfPython(): Promise<string[]> {
  const { stdout: library } = await execa(python, ['-I', '-c', 'import os; print(os.path.dirname(os.__file__))']);
  const extensions = join(library, 'lib-dynload');
  const binaries = (await readdir(extensions))
    .filter((name) => name.endsWith('.so'))
    .map((name) => join(extensions, name));
  const { stdout: linked } = await execa('ldd', [python, ...binaries]);
  const libraries = linked.matchAll(/(\/\S+\.so\S*) \(0x/g);
  return [python, library, ...new Set([...libraries].map(([, path = '']) => path))];
}
