import { readFileSync } from 'node:fs';

/** Of the clock in /proc: 100 a second on every Linux we know. */
const msPerTick = 10;

/** The processor time that a process and its threads have used, in ms. @throws where it does not live */
export function cpuMsOf(pid: number | undefined): number {
  const stat = readFileSync(`/proc/${String(pid)}/stat`, 'utf8');
  // The command's name comes second and may hold anything; user and system time are the 12th and 13th field behind it.
  const [user, system] = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 13);
  return (Number(user) + Number(system)) * msPerTick;
}

/** The same of the whole machine since it was started. */
export function machineCpuMs(): number {
  const [total = ''] = readFileSync('/proc/stat', 'utf8').split('\n', 1);
  const [user = 0, nice = 0, system = 0, , , interrupts = 0, softInterrupts = 0] = total
    .split(/\s+/)
    .slice(1)
    .map(Number);
  return (user + nice + system + interrupts + softInterrupts) * msPerTick;
}
