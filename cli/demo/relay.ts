import net from 'node:net';

/** A TCP line to a server on this machine that can be held up after some bytes, as a bad network does. */
export interface Relay extends AsyncDisposable {
  readonly port: number;
  /** Bytes that have passed from clients to the server. */
  readonly passedBytes: number;
  /** Resolves when the bytes that may pass have passed and a client sends more. */
  readonly held: Promise<void>;
  /** Lets everything pass from now on, also what was held up. */
  release(): void;
}

/** @param limitBytes from clients to the server, over all connections; answers always pass */
export async function startRelay(targetPort: number, limitBytes: number): Promise<Relay> {
  const sockets = new Set<net.Socket>();
  const waiting: (() => void)[] = [];
  let limit = limitBytes;
  let passed = 0;
  let tellHeld = () => {};
  const held = new Promise<void>((resolve) => {
    tellHeld = resolve;
  });

  function connect(client: net.Socket): void {
    const upstream = net.connect(targetPort, '127.0.0.1');
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(socket);
      socket.setNoDelay(true);
      // Whatever ends one side ends the other.
      socket.on('error', () => other.destroy());
      socket.on('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
    }
    upstream.on('data', (bytes) => void client.write(bytes));
    client.on('data', (bytes) => {
      const pass = () => {
        passed += bytes.length;
        if (upstream.write(bytes)) return client.resume();
        client.pause();
        upstream.once('drain', () => client.resume());
      };
      if (passed < limit) return pass();
      client.pause();
      waiting.push(pass);
      tellHeld();
    });
  }

  const server = net.createServer(connect);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    held,
    get passedBytes() {
      return passed;
    },
    release() {
      limit = Number.POSITIVE_INFINITY;
      for (const pass of waiting.splice(0)) pass();
    },
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
