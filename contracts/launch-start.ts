import type { SearchAttributePair } from '@temporalio/common';
import { namedJob } from './job-reference.ts';
import { nameOf, type LaunchSpec } from './launch-spec.ts';
import { fairnessKeyOf, priorityKeyOf } from './priority.ts';
import { searchAttribute } from './search-attributes.ts';

/** What Temporal is told of a run when its workflow is started, by a client or as a trial of a sweep: how it is found, and shown. */
export function launchStart(spec: LaunchSpec): {
  memo: { name: string };
  typedSearchAttributes: SearchAttributePair[];
  priority: { priorityKey: number; fairnessKey?: string };
  staticSummary: string;
  staticDetails: string;
} {
  const name = nameOf(spec);
  return {
    memo: { name },
    typedSearchAttributes: attributesOf(spec),
    priority: priorityOf(spec),
    staticSummary: `${code(name.slice(0, 60))} on ${spec.queue}`,
    staticDetails: detailsOf(spec),
  };
}

function attributesOf({ queue, project, user, tags, sweep, source: { job } }: LaunchSpec): SearchAttributePair[] {
  const of = job === undefined ? undefined : namedJob(job.name, project);
  return [
    { key: searchAttribute.state, value: 'queued' },
    { key: searchAttribute.queue, value: queue },
    { key: searchAttribute.project, value: project },
    { key: searchAttribute.attempt, value: 1 },
    ...(user === undefined ? [] : [{ key: searchAttribute.user, value: user }]),
    ...(tags.length === 0 ? [] : [{ key: searchAttribute.tags, value: tags }]),
    ...(sweep === undefined ? [] : [{ key: searchAttribute.sweep, value: sweep }]),
    // Some databases of Temporal keep 255 characters.
    ...(of === undefined ? [] : [{ key: searchAttribute.job, value: `${of.project}/${of.name}`.slice(0, 255) }]),
  ];
}

function priorityOf({ priority, user }: LaunchSpec): { priorityKey: number; fairnessKey?: string } {
  const fairnessKey = fairnessKeyOf(user);
  return { priorityKey: priorityKeyOf(priority), ...(fairnessKey === undefined ? {} : { fairnessKey }) };
}

function detailsOf(spec: LaunchSpec): string {
  const command = [...spec.entrypoint, ...spec.args].join(' ');
  const rows = [
    ...(command === '' ? [] : [`- command: ${code(command.slice(0, 1_000))}`]),
    sourceRow(spec.source),
    `- project: ${code(spec.project)}`,
    ...(spec.user === undefined ? [] : [`- user: ${code(spec.user)}`]),
    ...(spec.sweep === undefined ? [] : [`- sweep: ${code(spec.sweep)}`]),
  ];
  return rows.join('\n');
}

function sourceRow({ code: from, git, image, job }: LaunchSpec['source']): string {
  if (job !== undefined) return `- job: ${code(job.name)}`;
  if (image !== undefined) return `- image: ${code(image)}`;
  if (git === undefined) return `- code: ${code(from?.dir ?? from?.digest ?? '')}`;
  const { url, ref, commit } = git;
  return `- git: ${code([url, ...(ref === undefined ? [] : [ref]), ...(commit === undefined ? [] : [commit])].join(' '))}`;
}

/** Text as a piece of markdown that is nothing but text. */
function code(text: string): string {
  return `\`${text.replace(/[`\s]+/g, (found) => (found.includes('`') ? "'" : ' '))}\``;
}
