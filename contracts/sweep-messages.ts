import { defineQuery, defineUpdate } from '@temporalio/workflow';
import type { SweepResult } from './sweep-result.ts';

/** The workflow type of a search. It has the signal `cancel` of a launch. */
export const sweepWorkflowType = 'sweep';

export const progressQuery = defineQuery<SweepResult>('progress');

/** Trials in flight at once, from now on: more are started at once, none is stopped. Refused beyond the queue's bound. Answers the new number. */
export const setNumWorkersUpdate = defineUpdate<number, [number]>('setNumWorkers');
/** Starts no other trial until `resume`. Those in flight go on. Both answer whether the sweep is paused now. */
export const pauseUpdate = defineUpdate<boolean>('pause');
export const resumeUpdate = defineUpdate<boolean>('resume');
/** Runs the trials that have failed so far again, each under a new id. Answers how many. */
export const rerunFailedUpdate = defineUpdate<number>('rerunFailed');
