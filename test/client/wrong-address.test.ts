import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { createTRPCClient, httpBatchLink } from '@trpc/client';
import { describe, expect, it } from 'vitest';
import { networkError, placeOf } from '../../client/foreign.js';
import {
  checkedFetch,
  createUploader,
  fetchSender,
  type UploaderOptions,
  uploadLink,
} from '../../client/index.js';
import type { Script } from './support/script.js';
import { type PlainRouter, startServer } from './support/server.js';
import { bytesOf } from './support/setup.js';

type OwnFetch = typeof fetch;

/** As an app writes it that knows nothing of `checkedFetch`. */
function plainUploader(url: string, own: OwnFetch = fetch, options: UploaderOptions = {}) {
  const trpc = createTRPCClient<PlainRouter>({
    links: [uploadLink({ url, fetch: own }), httpBatchLink({ url, maxItems: 100, fetch: own })],
  });
  return createUploader(trpc.uploads, { minBackoffMs: 0, maxBackoffMs: 0, retries: 2, ...options });
}

function checkedUploader(url: string) {
  const fetch = checkedFetch(fetchSender());
  const trpc = createTRPCClient<PlainRouter>({ links: [uploadLink({ url }), httpBatchLink({ url, fetch })] });
  return createUploader(trpc.uploads, { minBackoffMs: 0, maxBackoffMs: 0, retries: 2 });
}

/** An address where nobody listens. */
async function silence(): Promise<string> {
  const server = http.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return `http://127.0.0.1:${port}`;
}

async function failure(script: Script, url: (origin: string) => string, make = plainUploader) {
  await using server = await startServer(script);
  await using uploader = make(url(server.origin));
  const error = await uploader.upload(bytesOf(10)).catch((error) => error);
  return { error, asked: server.log.length, origin: server.origin };
}

const secret = (origin: string) => `${origin}/trpc?key=s3cret`;

describe('a plain httpBatchLink at a wrong address', () => {
  it('that answers JSON: the address and the status are told, and it is asked once', async () => {
    const script: Script = { fault: () => ({ status: 404, json: { message: 'Not Found' } }) };
    const { error, asked, origin } = await failure(script, secret);
    expect(error).toMatchObject({ code: 'PROTOCOL', retryable: false, data: { received: 404 } });
    expect(error.message).toBe(
      `HTTP 404 from ${origin}/trpc/uploads.policy: There is no tRPC endpoint at this address. Check the URL and its path.`,
    );
    expect(asked).toBe(1);
  });

  it('that answers a page, of which tRPC keeps nothing: what would tell more', async () => {
    const { error } = await failure({ fault: () => ({ status: 404, html: '<!doctype html>' }) }, secret);
    expect(error).toMatchObject({ code: 'PROTOCOL', retryable: true });
    expect(error.message).toMatch(/Check the address.*checkedFetch\(\)/);
  });

  it('of another router: the procedure, the address and what to check', async () => {
    const router = { code: -32_004, message: 'No procedure found on path "uploads.policy"' };
    const json = [{ error: { ...router, data: { code: 'NOT_FOUND', httpStatus: 404 } } }];
    const { error, asked, origin } = await failure({ fault: () => ({ status: 404, json }) }, secret);
    expect(error).toMatchObject({ code: 'PROTOCOL', retryable: false });
    expect(error.message).toBe(
      `HTTP 404 from ${origin}/trpc/uploads.policy: No procedure found on path "uploads.policy". Check the name of the uploads' router.`,
    );
    expect(asked).toBe(1);
  });

  it('where nobody listens: what the system tried', async () => {
    const origin = await silence();
    await using uploader = plainUploader(secret(origin));
    const error = await uploader.upload(bytesOf(10)).catch((error) => error);
    expect(error).toMatchObject({ code: 'NETWORK', retryable: true });
    expect(error.message).toBe(
      `The server cannot be reached (connect ECONNREFUSED ${origin.slice('http://'.length)}). Check the address and the network, and try again.`,
    );
  });
});

describe('with checkedFetch', () => {
  it('where nobody listens: the address', async () => {
    const origin = await silence();
    await using uploader = checkedUploader(secret(origin));
    const error = await uploader.upload(bytesOf(10)).catch((error) => error);
    expect(error).toMatchObject({ code: 'NETWORK', retryable: true });
    expect(error.message).toContain(
      `cannot be reached at ${origin}/trpc/uploads.policy (connect ECONNREFUSED`,
    );
    expect(error.message).not.toContain('s3cret');
  });

  it.each([200, 404, 405, 501])('a page with %i is asked for once', async (status) => {
    const script: Script = { fault: () => ({ status, html: '<html>' }) };
    const { error, asked, origin } = await failure(script, secret, checkedUploader);
    expect(error).toMatchObject({ code: 'PROTOCOL', data: { received: status } });
    expect(error.message).toMatch(/tRPC endpoint/);
    expect(error.message).toContain(`HTTP ${status} from ${origin}/trpc/uploads.policy: `);
    expect(error.message).not.toContain('s3cret');
    expect(asked).toBe(1);
  });
});

describe('chunks with an address of their own', () => {
  const page: Script = {
    fault: ({ index }) => (index === undefined ? undefined : { status: 404, html: '<html>' }),
  };

  it('that is wrong: told with the first chunk, although `init` was answered', async () => {
    const { error, origin } = await failure(page, secret, checkedUploader);
    expect(error).toMatchObject({ code: 'PROTOCOL', data: { received: 404 } });
    expect(error.message).toContain(`HTTP 404 from ${origin}/trpc/uploads.chunk: There is no tRPC endpoint`);
  });

  it('that was right once: a page is waited out, and the state says what for', async () => {
    const lost: Script = {
      rules: { threshold: 4, chunkSize: 4, minChunkSize: 1 },
      maxParallelChunks: 1,
      fault: ({ index, attempt }) =>
        index === 1 && attempt <= 3 ? { status: 404, html: '<html>' } : undefined,
    };
    await using server = await startServer(lost);
    await using uploader = checkedUploader(`${server.origin}/trpc`);
    const task = uploader.add(bytesOf(10));
    const waitedFor = new Set<string | undefined>();
    task.subscribe(() => waitedFor.add(task.state.retrying?.code));
    await expect(task.result).resolves.toMatchObject({ status: 'completed', retries: 3 });
    expect(waitedFor).toEqual(new Set([undefined, 'PROTOCOL']));
    expect(task.state.retrying).toBe(null);
  });
});

describe('an address in a message', () => {
  it.each([
    [
      'https://ann:s3cret@a.test:8443/trpc/uploads.init?key=s3cret#s3cret',
      'https://a.test:8443/trpc/uploads.init',
    ],
    ['/api/trpc/uploads.init?batch=1', '/api/trpc/uploads.init'],
    ['https://a.test/trpc/uploads.init,uploads.init,uploads.init', 'https://a.test/trpc/uploads.init,…'],
    ['http://[', 'an address that is none'],
  ])('%s', (url, shown) => {
    expect(placeOf(url)).toBe(shown);
  });

  it('is not what an error of fetch says of it', () => {
    const cause = new TypeError('Request cannot be constructed from a URL that includes credentials: s3cret');
    expect(networkError(cause, 'https://ann:s3cret@a.test/').message).not.toContain('s3cret');
  });
});

describe('a fetch with a time limit of its own', () => {
  const limits: [string, () => unknown][] = [
    ['a TimeoutError', () => new DOMException('The operation timed out.', 'TimeoutError')],
    ['an AbortError', () => new DOMException('This operation was aborted', 'AbortError')],
  ];

  it.each(limits)('that ends in %s is a failure of the network, and tried again', async (_, make) => {
    await using server = await startServer();
    let calls = 0;
    const own: OwnFetch = async (input, init) => {
      calls++;
      if (calls <= 2) throw make();
      return fetch(input, init);
    };
    await using uploader = plainUploader(server.url, own);
    expect(await uploader.upload(bytesOf(10))).toMatchObject({ status: 'completed', retries: 2 });
  });

  it.each(limits)('that always ends in %s says so, and nobody cancelled', async (_, make) => {
    await using uploader = plainUploader('http://127.0.0.1:9/trpc', async () => {
      throw make();
    });
    const task = uploader.add(bytesOf(10));
    await expect(task.result).rejects.toMatchObject({ code: 'NETWORK', retryable: true });
    expect(task.state.phase).toBe('failed');
  });

  it.each(limits)('that ends in %s under checkedFetch: the address is told, once', async (_, make) => {
    const own = checkedFetch(async () => {
      throw make();
    });
    const trpc = createTRPCClient<PlainRouter>({ links: [httpBatchLink({ url: '/trpc', fetch: own })] });
    await using uploader = createUploader(trpc.uploads, { retries: 0 });
    await expect(uploader.upload(bytesOf(10))).rejects.toMatchObject({
      code: 'NETWORK',
      message:
        'The server cannot be reached at /trpc/uploads.policy. Check the address and the network, and try again.',
    });
  });

  it('leaves a cancel what it is', async () => {
    await using server = await startServer({ fault: () => ({ stall: true }) });
    await using uploader = plainUploader(server.url);
    const task = uploader.add(bytesOf(10));
    await server.whenSeen(({ path }) => path === 'uploads.policy');
    await task.cancel();
    await expect(task.result).rejects.toMatchObject({ code: 'CANCELLED' });
  });
});
