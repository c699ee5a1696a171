import type { Screen } from '../cli.ts';
import { epochs } from './train.ts';
import type { Epoch } from './epochs.ts';

/** What happens, as one line that changes on a terminal, as plain lines elsewhere. */
export class Progress {
  readonly #screen: Screen;
  #shown = false;

  constructor(screen: Screen) {
    this.#screen = screen;
  }

  say(what: string): void {
    this.#clear();
    this.#screen.line(what);
  }

  epoch({ attempt, epoch, loss, accuracy }: Epoch, state: string): void {
    const done = epoch + 1;
    const line = `attempt ${String(attempt)}  epoch ${String(done).padStart(2)}/${String(epochs)}  loss ${loss.padEnd(8)}  accuracy ${accuracy.toFixed(3)}  ${state}`;
    if (!this.#screen.tty) {
      this.#screen.line(line);
      return;
    }
    const bar = '█'.repeat(done).padEnd(epochs, '░');
    this.#over(`${bar}  ${line}`);
  }

  trials(done: number, total: number, line: string): void {
    if (!this.#screen.tty) {
      this.#screen.line(line);
      return;
    }
    this.#over(`${'█'.repeat(done).padEnd(total, '░')}  ${line}`);
  }

  #over(line: string): void {
    this.#clear();
    this.#screen.raw(line);
    this.#shown = true;
  }

  #clear(): void {
    if (this.#shown) this.#screen.raw('\r\u001b[2K');
    this.#shown = false;
  }
}
