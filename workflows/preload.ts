/**
 * Loaded once in each worker's workflow thread, before any workflow, and shared by all of them. Otherwise each would build every zod
 * schema again, which was half of what a launch cost its control worker. Here are the modules that make schemas: pure, without state,
 * without a call into the workflow while they load.
 */
import * as zod from 'zod';
import * as activities from '../contracts/activities.ts';
import * as duration from '../contracts/duration.ts';
import * as gitSource from '../contracts/git-source.ts';
import * as imageSpec from '../contracts/image-spec.ts';
import * as jobInputs from '../contracts/job-inputs.ts';
import * as jobReference from '../contracts/job-reference.ts';
import * as launchSpec from '../contracts/launch-spec.ts';
import * as messages from '../contracts/messages.ts';
import * as names from '../contracts/names.ts';
import * as outcome from '../contracts/outcome.ts';
import * as parameters from '../contracts/parameters.ts';
import * as priority from '../contracts/priority.ts';
import * as requeuePolicy from '../contracts/requeue-policy.ts';
import * as resources from '../contracts/resources.ts';
import * as runResult from '../contracts/run-result.ts';
import * as secretReference from '../contracts/secret-reference.ts';
import * as source from '../contracts/source.ts';
import * as sweepPlan from '../contracts/sweep-plan.ts';
import * as sweepResult from '../contracts/sweep-result.ts';
import * as sweepSpec from '../contracts/sweep-spec.ts';
import * as sweepTally from '../contracts/sweep-tally.ts';
import * as sweepWorkers from '../contracts/sweep-workers.ts';

/**
 * The SDK freezes what is shared, down to what it finds frozen already. A zod schema keeps in itself what it derives of itself, and
 * would throw; so only the modules are frozen here, and what they export is left as it is.
 */
function seal(module: object): void {
  if (Object.isFrozen(module)) return;
  Object.freeze(module);
  for (const exported of Object.values(module) as unknown[]) {
    if (Object.prototype.toString.call(exported) === '[object Module]') seal(exported as object);
  }
}

for (const module of [
  zod,
  activities,
  duration,
  gitSource,
  imageSpec,
  jobInputs,
  jobReference,
  launchSpec,
  messages,
  names,
  outcome,
  parameters,
  priority,
  requeuePolicy,
  resources,
  runResult,
  secretReference,
  source,
  sweepPlan,
  sweepResult,
  sweepSpec,
  sweepTally,
  sweepWorkers,
]) {
  seal(module);
}
