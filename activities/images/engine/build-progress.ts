import type { StatusResponse, Vertex } from './buildkit-messages.ts';
import { Step, type ProgressLine } from './step.ts';

/**
 * Tells what BuildKit says about a build in the lines of `docker build --progress plain`: each begins with the number of its step, in the
 * order in which they began. What is said at once is told step by step.
 * @see https://github.com/moby/buildkit util/progress/progressui/printer.go
 */
export class BuildProgress {
  readonly #masked: (text: string) => string;
  readonly #steps = new Map<string, Step>();
  #failed: Step | undefined;

  /** @param masked What may be seen of a text of the builder's. */
  constructor(masked: (text: string) => string) {
    this.#masked = masked;
  }

  /** The step that failed first; those that were called off because of it are none. */
  get failed(): Step | undefined {
    return this.#failed;
  }

  take({ vertexes, statuses, logs }: StatusResponse): ProgressLine[] {
    const lines = vertexes.flatMap((vertex) => this.#begin(vertex));
    for (const status of statuses) lines.push(...(this.#steps.get(status.vertex)?.part(status) ?? []));
    for (const log of logs) lines.push(...(this.#steps.get(log.vertex)?.write(log) ?? []));
    lines.push(...vertexes.flatMap((vertex) => this.#end(vertex)));
    return lines.sort((a, b) => a.number - b.number);
  }

  #begin({ digest, name, started }: Vertex): ProgressLine[] {
    if (started === null) return [];
    const step = this.#steps.get(digest) ?? new Step(this.#steps.size + 1, name, this.#masked);
    this.#steps.set(digest, step);
    return step.begin(started);
  }

  #end({ digest, completed, cached, error }: Vertex): ProgressLine[] {
    const step = this.#steps.get(digest);
    if (step === undefined || completed === null) return [];
    const lines = step.end(completed, { cached, error });
    if (step.hasFailed) this.#failed ??= step;
    return lines;
  }
}
