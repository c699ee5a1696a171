import type { Client } from '@temporalio/client';
import { encodeSearchAttributeIndexedValueType } from '@temporalio/common/lib/search-attributes.js';
import type { Logger } from '@temporalio/worker';
import { searchAttribute } from '../contracts/search-attributes.ts';

/** Registers the search attributes that the namespace lacks. @throws an Error with the commands to run, where that is not allowed */
export async function registerSearchAttributes(client: Client, namespace: string, logger: Logger): Promise<void> {
  const { operatorService } = client.connection;
  const { customAttributes } = await operatorService.listSearchAttributes({ namespace });
  const missing = Object.values(searchAttribute).filter(({ name }) => customAttributes[name] === undefined);
  if (missing.length === 0) return;
  const searchAttributes = Object.fromEntries(
    missing.map(({ name, type }) => [name, encodeSearchAttributeIndexedValueType(type) ?? 0]),
  );
  try {
    await operatorService.addSearchAttributes({ namespace, searchAttributes });
  } catch (cause) {
    const commands = missing.map(({ name, type }) => {
      const cliType = type.toLowerCase().replace(/(^|_)([a-z])/g, (_, __, letter: string) => letter.toUpperCase());
      return `temporal operator search-attribute create --namespace ${namespace} --name ${name} --type ${cliType}`;
    });
    throw new Error(
      `search attributes are missing and could not be registered; ask an operator to run:\n${commands.join('\n')}`,
      { cause },
    );
  }
  logger.info('registered search attributes', { names: missing.map(({ name }) => name) });
}
