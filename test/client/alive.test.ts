import { spawn } from 'node:child_process';
import { once } from 'node:events';
import net from 'node:net';
import { describe, expect, it } from 'vitest';

const PROGRAM = `
import { connect } from './dist/client/node/index.js';
const connection = connect({ url: process.argv[1], retries: 3, minBackoffMs: 1, maxBackoffMs: 200 });
const { uploader } = connection;
await uploader.upload(new Uint8Array(10)).catch((error) => console.log(error.code));
await connection[Symbol.asyncDispose]();
`;

describe('a program that awaits an upload', () => {
  it('does not end while the upload waits to try again, and ends after it', async () => {
    // A port that nobody listens on.
    const server = net.createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as net.AddressInfo;
    server.close();
    const child = spawn(
      process.execPath,
      ['--input-type=module', '-e', PROGRAM, `http://127.0.0.1:${port}`],
      {
        cwd: new URL('../..', import.meta.url).pathname,
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    let output = '';
    child.stdout.on('data', (text) => {
      output += text;
    });
    const [code] = await once(child, 'close');
    expect({ code, output }).toEqual({ code: 0, output: 'NETWORK\n' });
  });
});
