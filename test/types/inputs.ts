/** A missing, misspelt or mistyped field of any procedure's input does not compile. */
import type { AbortInput, ChunkInput, InitInput, ListInput, ResumeInput } from '../../contract/index.js';

const chunk = { uploadId: 'id', index: 0, offset: 0, size: 1, total: 1, hash: 'hash' };
const data = new Uint8Array(1);

export const chunks: ChunkInput[] = [
  { ...chunk, data },
  { ...chunk, data: new Blob([data]) },
  // @ts-expect-error without bytes
  { ...chunk },
  // @ts-expect-error without its hash
  { uploadId: 'id', index: 0, offset: 0, size: 1, total: 1, data },
  // @ts-expect-error a text is no binary data
  { ...chunk, data: 'bytes' },
  // @ts-expect-error bytes are counted in numbers
  { ...chunk, size: '1', data },
  // @ts-expect-error an unknown field
  { ...chunk, data, chunkSize: 1 },
];

const init = { name: 'a.bin', size: 1, chunkSize: 1, hash: null };

export const inits: InitInput[] = [
  init,
  {
    ...init,
    policy: 'default',
    type: 'text/plain',
    relativePath: 'a/a.bin',
    metadata: { tags: ['a', 1, null] },
  },
  // @ts-expect-error without a name
  { size: 1, chunkSize: 1, hash: null },
  // @ts-expect-error "hashed while sending" is said with null, not by leaving it off
  { name: 'a.bin', size: 1, chunkSize: 1 },
  // @ts-expect-error metadata is JSON
  { ...init, metadata: { when: new Date() } },
  // @ts-expect-error an unknown field
  { ...init, path: '/etc' },
];

export const resumes: ResumeInput[] = [
  { uploadId: 'id' },
  { hash: 'hash', size: 1, chunkSize: 1 },
  // @ts-expect-error by content needs all three
  { hash: 'hash', size: 1 },
  // @ts-expect-error by something
  {},
];

// @ts-expect-error which upload
export const abort: AbortInput = {};

export const unfinished: ListInput = { status: ['receiving', 'assembling'] };

// @ts-expect-error no such status
export const list: ListInput = { status: 'done' };
