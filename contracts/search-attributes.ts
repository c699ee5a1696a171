import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';

const { KEYWORD, INT, KEYWORD_LIST } = SearchAttributeType;

/** What runs can be found by. The control worker registers them: an unknown one blocks a workflow task for ever. */
export const searchAttribute = {
  queue: defineSearchAttributeKey('RelaunchQueue', KEYWORD),
  state: defineSearchAttributeKey('RelaunchState', KEYWORD),
  project: defineSearchAttributeKey('RelaunchProject', KEYWORD),
  user: defineSearchAttributeKey('RelaunchUser', KEYWORD),
  sweep: defineSearchAttributeKey('RelaunchSweep', KEYWORD),
  job: defineSearchAttributeKey('RelaunchJob', KEYWORD),
  attempt: defineSearchAttributeKey('RelaunchAttempt', INT),
  tags: defineSearchAttributeKey('RelaunchTags', KEYWORD_LIST),
} as const;
