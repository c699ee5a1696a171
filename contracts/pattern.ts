/**
 * A regular expression that a whole text has to match, in time linear in the text: it comes from an admin and is held against what
 * submitters write, so that nothing in it may backtrack. It has characters, classes, groups, `|` and quantifiers; no look-around, no
 * back-references, and of anchors only those at both ends, which mean nothing here.
 */
export interface Pattern {
  matches(text: string): boolean;
}

type Test = (character: string) => boolean;

type Node =
  | { kind: 'one'; test: Test }
  | { kind: 'all'; of: Node[] }
  | { kind: 'any'; of: Node[] }
  | { kind: 'repeat'; of: Node; min: number; max: number };

/** A step of the automaton: it takes a character, or leads on without one. */
type State = { test: Test; next: number } | { leadsTo: number[] };

const longestPattern = 1_000;
const mostStates = 2_000;
/** In characters. What is longer matches nothing. */
const longestText = 4_096;

/** @throws an Error that says what is wrong with it */
export function compilePattern(source: string): Pattern {
  if (source.length > longestPattern) throw new Error(`at most ${String(longestPattern)} characters`);
  // It knows all rules of the syntax; what is left here are those that it allows and we do not.
  new RegExp(source, 'u');
  const states: State[] = [{ leadsTo: [] }];
  const start = build(new Parser(source).parse(), 0, states);
  return { matches: (text) => isMatch(text, start, states) };
}

function build(node: Node, next: number, states: State[]): number {
  const add = (state: State): number => {
    if (states.length >= mostStates) throw new Error('too large when its repetitions are written out');
    return states.push(state) - 1;
  };
  switch (node.kind) {
    case 'one':
      return add({ test: node.test, next });
    case 'all':
      return node.of.reduceRight((after, each) => build(each, after, states), next);
    case 'any':
      return add({ leadsTo: node.of.map((each) => build(each, next, states)) });
    case 'repeat': {
      let at = next;
      if (node.max === Infinity) {
        const leadsTo = [next];
        at = add({ leadsTo });
        leadsTo.push(build(node.of, at, states));
      } else {
        for (let i = node.min; i < node.max; i++) at = add({ leadsTo: [next, build(node.of, at, states)] });
      }
      for (let i = 0; i < node.min; i++) at = build(node.of, at, states);
      return at;
    }
  }
}

function isMatch(text: string, start: number, states: readonly State[]): boolean {
  if (text.length > longestText) return false;
  let current = reached([start], states);
  for (const character of text) {
    const next: number[] = [];
    for (const at of current) {
      const state = states[at];
      if (state !== undefined && 'test' in state && state.test(character)) next.push(state.next);
    }
    if (next.length === 0) return false;
    current = reached(next, states);
  }
  return current.has(0);
}

/** These states, and those that they lead to without a character. */
function reached(from: number[], states: readonly State[]): Set<number> {
  const seen = new Set<number>();
  for (let at = from.pop(); at !== undefined; at = from.pop()) {
    if (seen.has(at)) continue;
    seen.add(at);
    const state = states[at];
    if (state !== undefined && 'leadsTo' in state) from.push(...state.leadsTo);
  }
  return seen;
}

const isEscapedEnd = (source: string): boolean => /(^|[^\\])(\\\\)*\\\$$/.test(source);

/** Reads what `RegExp` has found to be a regular expression. */
class Parser {
  readonly #characters: string[];
  #at = 0;

  constructor(source: string) {
    const start = source.replace(/^\^/, '');
    this.#characters = Array.from(isEscapedEnd(start) ? start : start.replace(/\$$/, ''));
  }

  parse(): Node {
    const node = this.#choice();
    if (this.#at < this.#characters.length) throw new Error(`not ${JSON.stringify(this.#next)} there`);
    return node;
  }

  get #next(): string {
    return this.#characters[this.#at] ?? '';
  }

  #take(): string {
    const taken = this.#next;
    this.#at += 1;
    return taken;
  }

  #choice(): Node {
    const of = [this.#sequence()];
    while (this.#next === '|') {
      this.#take();
      of.push(this.#sequence());
    }
    return { kind: 'any', of };
  }

  #sequence(): Node {
    const of: Node[] = [];
    while (!['', '|', ')'].includes(this.#next)) of.push(this.#repeated(this.#atom()));
    return { kind: 'all', of };
  }

  #repeated(of: Node): Node {
    const [min, max] = this.#bounds();
    // What it would try first does not matter: all ways are tried at once.
    if (min !== 1 || max !== 1) if (this.#next === '?') this.#take();
    return min === 1 && max === 1 ? of : { kind: 'repeat', of, min, max };
  }

  #bounds(): [min: number, max: number] {
    const [written = '', min = '', comma, max = ''] =
      /^\{(\d+)(,?)(\d*)\}/.exec(this.#characters.slice(this.#at, this.#at + 20).join('')) ?? [];
    if (written !== '') {
      this.#at += written.length;
      return [Number(min), comma === '' ? Number(min) : max === '' ? Infinity : Number(max)];
    }
    const bounds: Record<string, [number, number]> = { '*': [0, Infinity], '+': [1, Infinity], '?': [0, 1] };
    const found = bounds[this.#next];
    if (found !== undefined) this.#take();
    return found ?? [1, 1];
  }

  #atom(): Node {
    const first = this.#take();
    if (first === '(') return this.#group();
    if (first === '[') return one(`[${this.#class()}`);
    if (first === '\\') return one(this.#escape());
    if (first === '^' || first === '$') throw new Error(`${first} only at its ${first === '^' ? 'beginning' : 'end'}`);
    return first === '.' ? one('.') : { kind: 'one', test: (character) => character === first };
  }

  #group(): Node {
    if (this.#next === '?') {
      this.#take();
      if (this.#take() !== ':') throw new Error('groups are ( ) or (?: ), without look-around and names');
    }
    const node = this.#choice();
    this.#take();
    return node;
  }

  #class(): string {
    let written = '';
    for (;;) {
      const character = this.#take();
      written += character === '\\' ? character + this.#take() : character;
      if (character === ']') return written;
    }
  }

  #escape(): string {
    const name = this.#take();
    if (/[1-9kbB]/.test(name)) throw new Error(`no \\${name}`);
    if (/[pPuxc]/.test(name)) throw new Error(`no \\${name}: write the characters`);
    return `\\${name}`;
  }
}

function one(atom: string): Node {
  const whole = new RegExp(`^${atom}$`, 'u');
  return { kind: 'one', test: (character) => whole.test(character) };
}
