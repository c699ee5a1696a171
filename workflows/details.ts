import { gitWords } from '../contracts/git-source.ts';
import { describeOutcome } from '../contracts/outcome.ts';
import type { RunStatus } from '../contracts/messages.ts';
import type { AttemptReport } from '../contracts/run-result.ts';
import { longestDetails, plain } from './markdown.ts';

/** The run as markdown, for the Web UI. Everything in it may come from a submitter: nothing is taken as markup. */
export function renderDetails(status: RunStatus): string {
  const { plan } = status;
  const head = `**${status.state}** · ${status.progress}${plan === undefined ? '' : ` · queue ${plain(plan.queue)}, project ${plain(plan.project)}`}`;
  const metrics = Object.entries(status.summary)
    .slice(0, 20)
    .map(([name, { last, min, max }]) => `| ${plain(name)} | ${String(last)} | ${String(min)} | ${String(max)} |`);
  const parts = [
    head,
    ...(status.job === undefined ? [] : [`job ${plain(status.job)}`]),
    ...(plan?.git === undefined ? [] : [`git ${gitWords(plan.git).map(plain).join(' ')}`]),
    ...(status.image === undefined ? [] : [`image ${plain(status.image)}`]),
  ];
  if (status.attempts.length > 0) {
    parts.push(
      ['| attempt | end | node | agent |', '| --- | --- | --- | --- |', ...status.attempts.map(row)].join('\n'),
    );
  }
  if (metrics.length > 0) {
    parts.push(['| metric | last | min | max |', '| --- | --- | --- | --- |', ...metrics].join('\n'));
  }
  return parts.join('\n\n').slice(0, longestDetails).toWellFormed();
}

function row({ attempt, outcome, node, agent, why }: AttemptReport): string {
  const waits = why === undefined ? '' : `waits: ${why}`;
  const end = (outcome === undefined ? waits : describeOutcome(outcome)).slice(0, 400);
  return `| ${[String(attempt), plain(end), plain(node ?? ''), plain(agent ?? '')].join(' | ')} |`;
}
