/** What the private registry and the package index demand. On loopback, in front of nothing that is worth a secret. */
export const credentials = { username: 'relaunch', password: 'only-for-tests' } as const;

/** The same, as registries read it. */
export const htpasswd = `relaunch:$2b$04$JkEjxGjHVXBRKVTOIRVUt.wqfXGCCCwlgMw/smWTf1/meXTNDVS4.\n`;
