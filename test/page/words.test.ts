import { expect, it } from 'vitest';
import type { Phase } from '../../client/index.js';
import { type ErrorCode, MiB, UploadError, type UploadView } from '../../contract/index.js';
import { percentOf, statusOf, titleOf } from '../../page/words.js';

const base = {
  ...{ uploadId: '0'.repeat(26), policy: 'default', name: 'a.bin', relativePath: null, type: null },
  ...{ size: 4 * MiB, mode: 'chunked', chunkSize: MiB, total: 4, receivedChunks: 1, receivedBytes: MiB },
  ...{ lastReceived: 0, createdAt: 0, expiresAt: null, hash: null },
};
const view = (fields: object) => ({ ...base, status: 'receiving', ...fields }) as UploadView;

it('puts each status into words that say what to do', () => {
  const words = (fields: object, phase?: Phase, isMoving = false) =>
    statusOf({ view: view(fields), isMoving }, phase && { phase, waitsFor: null });
  expect(words({})).toBe('Stopped at 25 %. Choose a.bin (4 MiB) again to go on.');
  expect(words({}, undefined, true)).toBe('Being sent from another window or device, 25 %');
  expect(words({}, 'uploading', true)).toBe('Uploading, 25 %');
  expect(words({}, 'paused')).toBe('Paused at 25 %');
  expect(words({ status: 'assembling', receivedBytes: 4 * MiB })).toBe('All there; being checked and stored');
  expect(words({ status: 'completed', path: 'files/x/a.bin' })).toBe('Complete');
  expect(words({ status: 'failed', error: { message: 'The disk is full.' } })).toBe(
    'Failed: The disk is full.',
  );
  expect(words({ status: 'expired' })).toBe(
    'Not finished in time. Choose a.bin (4 MiB) again to start anew.',
  );
});

it('says why an upload waits, and that nobody has to do anything', () => {
  const waiting = (code: ErrorCode, phase: Phase = 'uploading') =>
    statusOf({ view: view({}), isMoving: true }, { phase, waitsFor: new UploadError(code) });
  expect(waiting('SERVER_BUSY')).toBe('Waiting at 25 %: the server is busy. It goes on by itself.');
  expect(waiting('STORAGE_FULL')).toBe(
    "Waiting at 25 %: the server's storage is full. It goes on by itself.",
  );
  expect(waiting('INTERNAL')).toBe('Waiting at 25 %: the server failed. It goes on by itself.');
  expect(waiting('NETWORK', 'paused')).toBe('Paused at 25 %');
});

it('says 100 only when all is done', () => {
  expect(percentOf(view({ receivedBytes: 4 * MiB - 1 }))).toBe(99);
  expect(percentOf(view({ receivedBytes: 4 * MiB, status: 'assembling' }))).toBe(99);
  expect(percentOf(view({ receivedBytes: 4 * MiB, status: 'completed' }))).toBe(100);
  expect(percentOf(view({ size: 0, receivedBytes: 0 }))).toBe(0);
});

it('names a file of a folder with its folders', () => {
  expect(titleOf(view({}))).toBe('a.bin');
  expect(titleOf(view({ relativePath: 'holidays/a.bin' }))).toBe('holidays/a.bin');
});

it('shows what in a name would turn the text beside it, or hide', () => {
  const name = 'invoice\u202egpj.exe\n';
  expect(titleOf(view({ name }))).toBe('invoice\\u{202e}gpj.exe\\u{a}');
  for (const status of ['receiving', 'expired'])
    expect(statusOf({ view: view({ name, status }), isMoving: false }, undefined)).toContain(
      'Choose invoice\\u{202e}gpj.exe\\u{a} (4 MiB) again',
    );
});
