import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Each has one file, which takes longer than any other of those that may run at the same time. */
const longest: readonly string[] = ['mission', 'kubernetes-faults'];

/** Begins with what takes longest: vitest itself goes by the names of projects. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isLongest = ({ project }: TestSpecification): boolean => longest.includes(project.name);
    return [...sorted.filter(isLongest), ...sorted.filter((file) => !isLongest(file))];
  }
}
