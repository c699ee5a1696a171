import { encodeSearchAttributeIndexedValueType } from '@temporalio/common/lib/search-attributes.js';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { searchAttribute } from '../../contracts/search-attributes.ts';
import { testServer } from '../../scripts/temporal-binaries.ts';

/** A server of its own that skips time while somebody waits for a result, and knows our search attributes. */
export async function timeSkipping(): Promise<TestWorkflowEnvironment> {
  const env = await TestWorkflowEnvironment.createTimeSkipping({
    server: { executable: { type: 'existing-path', path: await testServer() } },
  });
  const types = Object.values(searchAttribute).map(
    ({ name, type }) => [name, encodeSearchAttributeIndexedValueType(type) ?? 0] as const,
  );
  const searchAttributes = Object.fromEntries(types);
  await env.connection.operatorService.addSearchAttributes({ namespace: 'default', searchAttributes });
  return env;
}
