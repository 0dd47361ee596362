import { describe, expect, it } from 'vitest';
import type { Request } from './support/script.js';
import { bytesOf, setup } from './support/setup.js';

const SIZE = 5000;
const VIEW = {
  ...{ uploadId: '01ARZ3NDEKTSV4RRFFQ69G5FAV', policy: 'default', name: 'untitled', relativePath: null },
  ...{ type: null, size: SIZE, mode: 'single', chunkSize: SIZE, total: 1, receivedChunks: 0 },
  ...{ receivedBytes: 0, lastReceived: null, missing: [[0, 0]], createdAt: 0, expiresAt: null },
  ...{ status: 'receiving', hash: null },
};

/** The upload of a file to a server that answers these data to one procedure, with the status 200. */
async function uploadTo(procedure: string, data: unknown, hashing: 'before' | 'during' = 'during') {
  const result = { result: { data } };
  await using test = await setup(
    {
      fault({ path }: Request) {
        if (path !== `uploads.${procedure}`) return undefined;
        return { status: 200, json: procedure === 'chunk' ? result : [result] };
      },
    },
    { hashing },
  );
  return await test.uploader.upload(bytesOf(SIZE)).catch((error) => error);
}

describe('answers that are not of this upload', () => {
  it.each<[string, string, unknown]>([
    ['a policy without limits', 'policy', {}],
    ['no policy', 'policy', null],
    ['no session', 'init', null],
    ['a session without a state', 'init', { ...VIEW, status: undefined }],
    ['a session in a state that nobody knows', 'init', { ...VIEW, status: 'postponed' }],
    ['a session of another size', 'init', { ...VIEW, size: 1 }],
    ['a session that counts in words', 'init', { ...VIEW, receivedBytes: 'all' }],
    ['a completed one without a path', 'init', { ...VIEW, status: 'completed' }],
    ['one that was completed without a path', 'init', { ...VIEW, status: 'gone' }],
    ['nothing to a chunk', 'chunk', null],
    ['an unknown state to a chunk', 'chunk', { ...VIEW, status: 'postponed' }],
    ['a chunk that completed nothing', 'chunk', { ...VIEW, status: 'completed' }],
  ])('%s: fails with PROTOCOL', async (_, procedure, data) => {
    const error = await uploadTo(procedure, data);
    expect(error).toMatchObject({ name: 'UploadError', code: 'PROTOCOL', retryable: false });
  });

  it('a completed file of another content is no success', async () => {
    const hash = `${'b'.repeat(64)}-1`;
    const completed = { ...VIEW, status: 'completed', hash, path: 'files/other', receivedChunks: 1 };
    expect(await uploadTo('init', completed, 'before')).toMatchObject({ code: 'PROTOCOL' });
  });
});
