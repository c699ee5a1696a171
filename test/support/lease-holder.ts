import { renewAgentLease, takeAgentLease } from '../../store/agent-lease.ts';
import { openStore } from '../../store/open-store.ts';

/** An agent, as far as its name goes: `node lease-holder.ts URL NAME` takes the name, says so with its pid, and renews it until it is killed. */
const [url = '', name = ''] = process.argv.slice(2);
const store = openStore(url);
const say = (line: string): void => void process.stdout.write(`${line}\n`);

try {
  await takeAgentLease(store, name, {
    waits: () => {
      say('waits');
    },
  });
  say(`has it as ${String(process.pid)}`);
  setInterval(() => void renewAgentLease(store, name), 200);
} catch (error) {
  say(String(error));
}
