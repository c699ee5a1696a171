export const agentName = 'scripted';
/** Served whole, and served by nobody who submits. */
export const servedQueue = 'served';
export const unservedQueue = 'unserved';
