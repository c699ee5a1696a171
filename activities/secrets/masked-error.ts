/** An error with its causes, in which whatever somebody else has said of secrets has stars. The same one: its type stays. */
export function maskedError(error: unknown, mask: (line: string) => string): unknown {
  for (let each = error, depth = 0; each instanceof Error && depth < 10; each = each.cause, depth++) {
    each.message = maskedLines(each.message, mask);
    if (each.stack !== undefined) each.stack = maskedLines(each.stack, mask);
  }
  return error;
}

/** A text of several lines, masked line by line. */
export const maskedLines = (text: string, mask: (line: string) => string): string =>
  text.split('\n').map(mask).join('\n');
