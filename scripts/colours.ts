import pc from 'picocolors';

/** Colours of a terminal; none elsewhere, also in CI, which picocolors takes for a terminal. NO_COLOR and FORCE_COLOR hold. */
export const colours = pc.createColors(
  pc.isColorSupported && (process.stdout.isTTY || process.env['FORCE_COLOR'] !== undefined),
);
