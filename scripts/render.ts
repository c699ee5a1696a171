import Table from 'cli-table3';
import { colours } from './colours.ts';
import { forDisplay } from '../store/display.ts';
import type { ShownState, SweepRow } from '../client/index.ts';

/** A table without lines, one row a line, whatever the cells hold. */
export function renderTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const none = {
    top: '',
    'top-mid': '',
    'top-left': '',
    'top-right': '',
    bottom: '',
    'bottom-mid': '',
    'bottom-left': '',
  };
  const lines = {
    'bottom-right': '',
    left: '',
    'left-mid': '',
    mid: '',
    'mid-mid': '',
    right: '',
    'right-mid': '',
    middle: '  ',
  };
  const table = new Table({
    head: head.map((title) => colours.dim(title)),
    chars: { ...none, ...lines },
    style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [] },
  });
  table.push(...rows.map((row) => [...row]));
  return table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}

/** What is known of one thing, a line for each title and text. */
export function renderFields(fields: readonly (readonly string[])[]): string {
  return fields.map(([title = '', text = '']) => `${title.padEnd(10)} ${text}`).join('\n');
}

/** Foreign text on one line of a terminal. */
export function plain(text: string | undefined): string {
  return text === undefined ? '' : forDisplay(text.replace(/\s+/g, ' ')).trim();
}

/** One JSON document. Characters that a terminal might obey are escaped, which changes nothing of its meaning. */
export function renderJson(value: unknown, indent?: number): string {
  return JSON.stringify(value, undefined, indent).replace(
    /[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g,
    (char) => {
      return `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`;
    },
  );
}

/** Foreign YAML, line by line. */
export function renderYaml(yaml: string): string {
  const line = (text: string): string =>
    text.replace(/^( *)(.*)$/s, (_, indent: string, rest: string) => `${indent}${plain(rest)}`);
  return yaml.trimEnd().split('\n').map(line).join('\n');
}

/** A state in its colour. */
export function paintState(state: ShownState | SweepRow['state']): string {
  switch (state) {
    case 'succeeded':
      return colours.green(state);
    case 'failed':
    case 'timed-out':
    case 'terminated':
      return colours.red(state);
    case 'running':
      return colours.cyan(state);
    case 'preempted':
    case 'paused':
    case 'cancelled':
      return colours.yellow(state);
    case 'queued':
    case 'building':
    case 'starting':
      return state;
  }
}

/** How long ago, or how long, in its largest unit: `12s`, `5m`, `3h`, `2d`. */
export function renderAge(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1_000));
  if (seconds < 120) return `${String(seconds)}s`;
  if (seconds < 7_200) return `${String(Math.round(seconds / 60))}m`;
  if (seconds < 172_800) return `${String(Math.round(seconds / 3_600))}h`;
  return `${String(Math.round(seconds / 86_400))}d`;
}
