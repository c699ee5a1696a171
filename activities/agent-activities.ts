import type { AgentActivities } from '../contracts/activities.ts';
import { awaitAttempt } from './await-attempt.ts';
import { atBorder } from './border.ts';
import type { AgentDependencies } from './dependencies.ts';
import { releaseAttempt } from './release-attempt.ts';
import { resolveLaunch } from './resolve-launch.ts';
import { resolveSweep } from './resolve-sweep.ts';
import { stopAttempt } from './stop-attempt.ts';
import { submitAttempt } from './submit-attempt.ts';

/** What an agent does for workflows. Every argument is checked: a hand-made workflow may call with anything. */
export function agentActivities(needs: AgentDependencies): AgentActivities {
  return {
    resolveLaunch: atBorder((spec: unknown, firstRunId: unknown) => resolveLaunch(needs, spec, firstRunId)),
    resolveSweep: atBorder((spec: unknown) => resolveSweep(needs, spec)),
    submitAttempt: atBorder((argument: unknown) => submitAttempt(needs, argument)),
    awaitAttempt: atBorder((argument: unknown) => awaitAttempt(needs, argument)),
    stopAttempt: atBorder((argument: unknown) => stopAttempt(needs, argument)),
    releaseAttempt: atBorder((argument: unknown) => releaseAttempt(needs, argument)),
  };
}
