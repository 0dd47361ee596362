import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { expect, it } from 'vitest';
import { reportsOf, run, serve, workspace } from './support.js';

const LARGEST_BODY = 1000;

const PAGE = { type: 'text/html', text: '<html>413 Request Entity Too Large' };
/** As tRPC's own adapter answers a body beyond its maxBodySize. */
const ADAPTER = {
  type: 'application/json',
  text: JSON.stringify({
    error: { code: -32013, message: 'too large', data: { code: 'PAYLOAD_TOO_LARGE', httpStatus: 413 } },
  }),
};

/** A proxy that refuses larger bodies, as nginx does. */
async function smallProxy(port: number, refusal = PAGE) {
  const proxy = http.createServer((req, res) => {
    if (Number(req.headers['content-length']) > LARGEST_BODY) {
      req.resume();
      res.writeHead(413, { 'content-type': refusal.type });
      res.end(refusal.text);
      return;
    }
    const { method, url, headers } = req;
    const onwards = http.request({ host: '127.0.0.1', port, method, path: url, headers }, (answer) => {
      res.writeHead(answer.statusCode ?? 502, answer.headers);
      pipeline(answer, res).catch(() => res.destroy());
    });
    pipeline(req, onwards).catch(() => res.destroy());
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      proxy.closeAllConnections();
      await new Promise((resolve) => proxy.close(resolve));
    },
  };
}

it.each([
  ['a proxy', PAGE],
  ["tRPC's adapter", ADAPTER],
])('a file that is too large for %s does not stop the smaller ones', async (_, refusal) => {
  await using work = await workspace();
  await using server = await serve(work.root);
  await using proxy = await smallProxy(server.port, refusal);
  const small = Array.from({ length: 12 }, (_, i) => `many/small-${i}`);
  await work.file('many/large', 2 * LARGEST_BODY);
  for (const name of small) await work.file(name, 10);
  const ended = await run(['upload', 'many', '--to', proxy.url, '--json', '--concurrency', '1'], {
    cwd: work.path,
  });
  const completed = reportsOf(ended).filter(({ status }) => status === 'completed');
  expect(completed.map(({ file }) => file).sort()).toEqual(small.sort());
  expect([ended.code, ended.stderr.match(/^chunkwise: .*$/gm)]).toEqual([
    1,
    [expect.stringMatching(/^chunkwise: many\/large: .*413/)],
  ]);
});

it("a sign-in that something else wants is told from Chunkwise's own", async () => {
  await using work = await workspace();
  await work.file('a', 10);
  const proxy = http.createServer((_, res) => res.writeHead(401).end('<html>'));
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  const { code, stderr } = await run(['upload', 'a', '--to', url, '--token', 't'], { cwd: work.path });
  proxy.close();
  expect([code, stderr.match(/^chunkwise: .*$/gm)]).toEqual([
    1,
    [expect.stringMatching(new RegExp(`HTTP 401 from ${url}/trpc.*in front of the server`))],
  ]);
});
