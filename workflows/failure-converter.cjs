// @ts-check
// CommonJS, as the payload converter beside it.
'use strict';
const { DefaultFailureConverter } = require('@temporalio/common');

/** Messages and stacks go into payloads, where a codec finds them. */
exports.failureConverter = new DefaultFailureConverter({ encodeCommonAttributes: true });
