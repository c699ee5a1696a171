import type { Command } from 'commander';
import { show, type RunView, type Trouble } from '../../client/index.ts';
import type { AttemptReport } from '../../contracts/run-result.ts';
import { forDisplay } from '../../store/display.ts';
import { connected, examples, pageOf, withEntity, withJson, type Cli, type CommonFlags } from '../cli.ts';
import { renderCommit } from '../render-commit.ts';
import { describeEnd, headlineOf } from '../follow-run.ts';
import { paintState, plain, renderAge, renderFields, renderJson, renderTable } from '../render.ts';

export function addShow(program: Command, cli: Cli): void {
  const command = program
    .command('show')
    .summary('show a run')
    .description('Shows a run: state, attempts, metrics.')
    .argument('<run>');
  withJson(withEntity(command))
    .addHelpText(
      'after',
      examples('relaunch show train-py-k3v7q2ma', 'relaunch show --json train-py-k3v7q2ma | jq .end.summary'),
    )
    .action(async (run: string) => {
      const flags: CommonFlags = command.optsWithGlobals();
      await connected(cli, flags, async (relaunch) => {
        const view = await show(relaunch, run);
        const page = pageOf(relaunch.settings, view.workflowId);
        cli.out.line(flags.json === true ? renderJson({ ...view, page }, 2) : renderRun(view, page, Date.now()));
      });
    });
}

/** A run on a screen; `now` in ms. */
export function renderRun(view: RunView, page: string | undefined, now: number): string {
  const { status, end } = view;
  const seen = end ?? status;
  const head = [
    ['run', plain(view.workflowId)],
    ...(view.id === view.workflowId ? [] : [['id', view.id]]),
    ['name', plain(view.name)],
    [
      'state',
      end === undefined
        ? `${paintState(view.state)}${status === undefined ? '' : `, ${plain(status.progress)}`}`
        : describeEnd(end),
    ],
    ['queue', plain(view.queue) + (view.queueVersion === undefined ? '' : ` (version ${plain(view.queueVersion)})`)],
    ...(view.git === undefined ? [] : [['git', renderCommit(view.git)]]),
    ...(jobOf(view) === undefined ? [] : [['job', plain(jobOf(view))]]),
    ...(seen?.image === undefined ? [] : [['image', plain(seen.image)]]),
    ['project', plain(view.project)],
    ['user', plain(view.user)],
    ...(view.sweep === undefined ? [] : [['sweep', plain(view.sweep)]]),
    ...(view.tags.length === 0 ? [] : [['tags', view.tags.map(plain).join(', ')]]),
    ['submitted', `${view.startedAt.toISOString()} (${renderAge(now - view.startedAt.getTime())} ago)`],
    ...(page === undefined ? [] : [['page', page]]),
  ];
  const parts = [renderFields(head)];
  if (seen === undefined && view.closedAt === undefined)
    parts.push('No control worker answers: attempts are not known now.');
  if (seen !== undefined && seen.attempts.length > 0)
    parts.push(
      renderTable(
        ['ATTEMPT', 'AGENT', 'NODE', 'WAITED', 'TOOK', 'END'],
        seen.attempts.map((each) => attemptRow(each, now)),
      ),
    );
  parts.push(
    ...(view.waits ?? []).map((why) => `waits: ${plain(why)}`),
    ...waitsFor(seen?.attempts ?? []),
    ...view.troubles.map(troubleOf),
    ...lastWords(seen?.attempts ?? []),
  );
  const metrics = Object.entries(seen?.summary ?? {});
  if (metrics.length > 0) {
    parts.push(
      renderTable(
        ['METRIC', 'LAST', 'MIN', 'MAX'],
        metrics.map(([name, { last, min, max }]) => [plain(name), String(last), String(min), String(max)]),
      ),
    );
  }
  return parts.join('\n\n');
}

/** With its version, once an agent has found it. */
const jobOf = ({ end, status, job }: RunView): string | undefined => (end ?? status)?.job ?? job;

/** Why the attempt that goes on does not run. */
function waitsFor(attempts: readonly AttemptReport[]): string[] {
  const why = attempts.at(-1)?.why;
  return why === undefined ? [] : [`attempt ${String(attempts.length)} waits: ${plain(why)}`];
}

function troubleOf({ activity, failures, message }: Trouble): string {
  const times = failures === 1 ? 'once' : `${String(failures)} times`;
  return `${plain(activity)} failed ${times}, and is tried again: ${plain(message)}`;
}

/** What the last attempt that has ended left to say: the lines a user looks for first. */
function lastWords(attempts: readonly AttemptReport[]): string[] {
  const last = attempts.findLast(({ outcome }) => outcome !== undefined);
  const words = last?.outcome?.message?.trimEnd();
  if (last === undefined || words === undefined || words === '') return [];
  return [
    `attempt ${String(last.attempt)} said last:\n${words
      .split('\n')
      .map((line) => `  ${forDisplay(line)}`)
      .join('\n')}`,
  ];
}

function attemptRow(report: AttemptReport, now: number): string[] {
  const { attempt, agent, node, startedAt, placedAt, endedAt, outcome } = report;
  const until = (end: string | undefined, since: string): string =>
    renderAge((end === undefined ? now : Date.parse(end)) - Date.parse(since));
  return [
    String(attempt),
    plain(agent),
    plain(node),
    until(placedAt ?? endedAt, startedAt),
    placedAt === undefined ? '' : until(endedAt, placedAt),
    outcome === undefined ? '' : plain(headlineOf(outcome)),
  ];
}
