/** A text that means itself where Kubernetes would put in variables for `$(NAME)`: in commands, arguments and values of the environment. */
export const literal = (text: string): string => text.replaceAll('$', '$$$$');
