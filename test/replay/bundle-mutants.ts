import type { WorkflowBundle } from '@temporalio/worker';
import { replaceOnce } from '../support/replace-once.ts';

/** Every attempt begins here. */
const submitBegins = 'async function submit(attempt, plan, wish, begun) {';

/** In workflow code a timer of Node is one of Temporal's. */
const timer = 'await new Promise((resolve) => setTimeout(resolve, 1));';

/** The name under which the code from a place on knows `@temporalio/workflow`, by a function that it uses there. */
function workflowModule(code: string, place: string, used: string): string {
  const name = new RegExp(`(\\w*WEBPACK_IMPORTED_MODULE_\\d+__)\\.${used}\\b`).exec(
    code.slice(code.indexOf(place)),
  )?.[1];
  if (name === undefined) throw new Error(`no ${used} behind ${place} any more: choose another place`);
  return name;
}

type Mutant = (bundle: WorkflowBundle) => WorkflowBundle;

const mutant =
  (change: (code: string) => string): Mutant =>
  (bundle) => ({ ...bundle, code: change(bundle.code) });

export const withExtraTimer = mutant((code) => replaceOnce(code, submitBegins, `${submitBegins} ${timer}`));

export const withSwappedActivities = mutant((code) => {
  const [submit, follow] = ['(plan, attempt).submitAttempt({', '(plan, attempt, taskQueue).awaitAttempt({'];
  const swapped = replaceOnce(code, submit, '(plan, attempt).awaitAttempt({');
  return replaceOnce(swapped, follow, '(plan, attempt, taskQueue).submitAttempt({');
});

const patch = (code: string): string =>
  `if (${workflowModule(code, submitBegins, 'condition')}.patched('wait-before-submit'))`;

/** A change of workflow code as it should be made: new runs go the new way, those under way go on as they were. */
export const withPatch = mutant((code) => replaceOnce(code, submitBegins, `${submitBegins} ${patch(code)} ${timer}`));

/** The same change with its patch forgotten. */
export const withoutPatch = mutant((code) => replaceOnce(code, `${patch(code)} ${timer}`, timer));

/** Every trial begins here. */
const trialBegins = 'async function runTrial({ spec, launch, state }, workflowId, trial) {';

export const withTimerBeforeTrials = mutant((code) => replaceOnce(code, trialBegins, `${trialBegins} ${timer}`));

export const withOtherTrials = mutant((code) =>
  replaceOnce(code, 'tally.next = index + 1;', 'tally.next = index + 2;'),
);

const trialPatch = (code: string): string =>
  `if (${workflowModule(code, trialBegins, 'executeChild')}.patched('wait-before-trials'))`;

export const withTrialPatch = mutant((code) =>
  replaceOnce(code, trialBegins, `${trialBegins} ${trialPatch(code)} ${timer}`),
);

export const withoutTrialPatch = mutant((code) => replaceOnce(code, `${trialPatch(code)} ${timer}`, timer));
