import type { WorkflowBundleWithSourceMap } from '@temporalio/worker';

/** Every attempt begins here. */
const submitBegins = 'async function submit(attempt, plan, wish, begun) {';

/** In workflow code a timer of Node is one of Temporal's. */
const timer = 'await new Promise((resolve) => setTimeout(resolve, 1));';

/** @throws Error where what is to be replaced is not there exactly once: a mutant that is the original proves nothing */
function replaceOnce(code: string, from: string, to: string): string {
  const found = code.split(from).length - 1;
  if (found !== 1) throw new Error(`${JSON.stringify(from)} is in the bundle ${String(found)} times, not once`);
  return code.replace(from, () => to);
}

/** The name under which the code of an attempt knows `@temporalio/workflow`. */
function workflowModule(code: string): string {
  const name = /(\w*WEBPACK_IMPORTED_MODULE_\d+__)\.condition\b/.exec(code.slice(code.indexOf(submitBegins)))?.[1];
  if (name === undefined) throw new Error('submit awaits no condition any more: choose another place');
  return name;
}

type Mutant = (bundle: WorkflowBundleWithSourceMap) => WorkflowBundleWithSourceMap;

const mutant =
  (change: (code: string) => string): Mutant =>
  (bundle) => ({ ...bundle, code: change(bundle.code) });

export const withExtraTimer = mutant((code) => replaceOnce(code, submitBegins, `${submitBegins} ${timer}`));

export const withSwappedActivities = mutant((code) => {
  const [submit, follow] = ['(plan, attempt).submitAttempt({', '(plan, attempt, taskQueue).awaitAttempt({'];
  const swapped = replaceOnce(code, submit, '(plan, attempt).awaitAttempt({');
  return replaceOnce(swapped, follow, '(plan, attempt, taskQueue).submitAttempt({');
});

const patch = (code: string): string => `if (${workflowModule(code)}.patched('wait-before-submit'))`;

/** A change of workflow code as it should be made: new runs go the new way, those under way go on as they were. */
export const withPatch = mutant((code) => replaceOnce(code, submitBegins, `${submitBegins} ${patch(code)} ${timer}`));

/** The same change with its patch forgotten. */
export const withoutPatch = mutant((code) => replaceOnce(code, `${patch(code)} ${timer}`, timer));
