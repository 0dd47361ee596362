/** What a page of another site can send with a user's cookie without being asked first (CORS's "simple requests"). */
import { initTRPC } from '@trpc/server';
import { fetchRequestHandler } from '@trpc/server/adapters/fetch';
import { describe, expect, it } from 'vitest';
import type { UploadsContext } from '../../server/index.js';
import { createTestUploads } from '../../testing/index.js';

const NEW = { name: 'a', size: 1, chunkSize: 1, hash: null };

function form(fields: object): FormData {
  const data = new FormData();
  for (const [key, value] of Object.entries(fields)) data.set(key, String(value));
  return data;
}

async function setup() {
  const test = await createTestUploads({
    owner: (ctx: UploadsContext & { user: string | null }) => ctx.user,
  });
  const t = initTRPC.context<UploadsContext & { user: string | null }>().create({ isDev: false });
  const router = t.router({ uploads: test.uploads.procedures(t.procedure) });
  const send = (call: string, init: RequestInit) => {
    const req = new Request(`http://app.test/trpc/uploads.${call}`, init);
    req.headers.set('cookie', 'session=ann');
    const createContext = (opts: { req: Request }) => ({
      ...test.uploads.context({ req: opts.req }),
      user: opts.req.headers.get('cookie') === 'session=ann' ? 'ann' : null,
    });
    return fetchRequestHandler({ endpoint: '/trpc', req, router, createContext });
  };
  const json = (call: string, body: object) =>
    send(call, {
      method: 'POST',
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json' },
    });
  return { send, json, list: () => test.client('ann').list.query({}), [Symbol.asyncDispose]: test.close };
}

const BODIES: [string, (fields: object) => RequestInit][] = [
  ['text', (fields) => ({ body: JSON.stringify(fields), headers: { 'content-type': 'text/plain' } })],
  ['bytes without a type', (fields) => ({ body: new Blob([JSON.stringify(fields)]) })],
  ['a form', (fields) => ({ body: form(fields) })],
  ['a form in the address', (fields) => ({ body: new URLSearchParams(JSON.stringify(fields)) })],
];

describe.each(BODIES)('a cross-site request with %s changes nothing', (_, body) => {
  it.each(['init', 'abort', 'chunk'])('to %s', async (call) => {
    await using app = await setup();
    const begun = await app.json('init', NEW);
    expect(begun.status).toBe(200);
    const { result } = (await begun.json()) as { result: { data: { uploadId: string } } };
    const { uploadId } = result.data;
    const fields =
      call === 'init' ? { ...NEW, name: 'b' } : { uploadId, index: 0, offset: 0, size: 1, total: 1 };
    const answer = await app.send(call, {
      method: 'POST',
      ...body(call === 'abort' ? { uploadId } : fields),
    });
    expect(answer.status).toBeGreaterThanOrEqual(400);
    const input = encodeURIComponent(JSON.stringify(call === 'abort' ? { uploadId } : fields));
    expect((await app.send(`${call}?input=${input}`, { method: 'GET' })).status).toBe(405);
    expect((await app.list()).items).toMatchObject([
      { uploadId, name: 'a', status: 'receiving', receivedChunks: 0 },
    ]);
  });
});
