import { readFileSync, writeFileSync } from 'node:fs';
import { expect } from 'vitest';
import type { Store, StoredChunk, StoredUpload } from '../../server/stores/store.js';
import type { TaskRunner } from '../../workers/tasks.js';
import { writeAll } from '../support/carry.js';
import type { Sample } from '../support/stores.js';

export interface StoreUnderTest {
  make(options: { root: string; tasks: TaskRunner }): Store;
  /** Where a written chunk's bytes lie on the disk. */
  place(store: Store, upload: StoredUpload, chunk: StoredChunk): { file: string; offset: number };
}

/** Makes a store that is ready, on a root of its own. */
export type Ready = () => Promise<
  AsyncDisposable & { root: string; store: Store; makeOn(root: string): Store }
>;

/** Brings a sample through a store whole. @returns the published path */
export async function publish(store: Store, file: Sample): Promise<string> {
  await store.create(file.upload);
  await writeAll(store, file);
  expect(await store.stage(file.upload, file.chunks, new Set())).toEqual([]);
  await store.syncStaged(file.upload);
  const published = await store.publish(file.upload);
  await store.discard(file.upload);
  return published;
}

export function flip(file: string, position: number): void {
  const bytes = readFileSync(file);
  bytes[position]! ^= 0b1000;
  writeFileSync(file, bytes);
}
