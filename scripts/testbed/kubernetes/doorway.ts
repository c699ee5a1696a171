import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import type { Kubectl } from './kubectl.ts';

/** What listens on this machine's loopback, for pods: they reach the address of the real node, and no loopback. */
export class Doorway {
  readonly address: string;
  readonly #servers: Server[] = [];
  readonly #open = new Set<Socket>();

  private constructor(address: string) {
    this.address = address;
  }

  static async open(kubectl: Kubectl): Promise<Doorway> {
    const address = '{.items[0].status.addresses[?(@.type=="InternalIP")].address}';
    return new Doorway(await kubectl.run('get', 'nodes', '-l', 'type!=kwok', '-o', `jsonpath=${address}`));
  }

  /** Answers where pods reach what listens at a host of loopback. Both with their port. */
  async to(host: string): Promise<string> {
    const { hostname, port } = new URL(`tcp://${host}`);
    const server = createServer((incoming) => {
      const onward = connect(Number(port), hostname);
      incoming.pipe(onward).pipe(incoming);
      incoming.once('error', () => onward.destroy());
      onward.once('error', () => incoming.destroy());
      for (const socket of [incoming, onward]) {
        this.#open.add(socket);
        socket.once('close', () => this.#open.delete(socket));
      }
    });
    server.listen(0, this.address);
    await once(server, 'listening');
    this.#servers.push(server);
    return `${this.address}:${String((server.address() as AddressInfo).port)}`;
  }

  close(): void {
    for (const server of this.#servers) server.close();
    for (const socket of this.#open) socket.destroy();
  }
}
