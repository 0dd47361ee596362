import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import { run } from './support.js';

/** A server that answers every procedure with these data, in tRPC's shape. */
async function answering(data: unknown) {
  const server = http.createServer((_, res) => {
    res.writeHead(200, { 'content-type': 'application/json' });
    res.end(JSON.stringify([{ result: { data } }]));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

it("a server's answers do not steer the terminal", async () => {
  const steering = '\u001b[2J\u009b31m\u0007\u202e';
  const view = { uploadId: steering, status: steering, name: steering, relativePath: null };
  const counts = { size: 1, receivedBytes: 1, receivedChunks: 1 };
  const ID = '01ARZ3NDEKTSV4RRFFQ69G5FAV';
  await using listing = await answering({ items: [{ ...view, ...counts }] });
  await using aborting = await answering(view);
  for (const args of [
    ['list', '--to', listing.url],
    ['list', '--json', '--to', listing.url],
    ['abort', ID, '--to', aborting.url],
  ]) {
    const { code, stdout, stderr } = await run(args);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
    expect(stdout.trim().split('\n')).toHaveLength(1);
  }
});
