import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Each has one file, which takes longer than any other of those that may run at the same time. */
const longest: readonly string[] = ['mission', 'kubernetes-faults'];
/** Their files wait, and leave the machine to others. */
const waiting: readonly string[] = ['kubernetes'];

/** Begins with what takes longest, and then mixes what waits with what works: vitest itself goes by the names of projects. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const of = (names: readonly string[]): TestSpecification[] =>
      sorted.filter(({ project }) => names.includes(project.name));
    const [first, waits] = [of(longest), of(waiting)];
    const works = sorted.filter((file) => !first.includes(file) && !waits.includes(file));
    return [...first, ...works.flatMap((file, i) => [...waits.slice(i, i + 1), file]), ...waits.slice(works.length)];
  }
}
