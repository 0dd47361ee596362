import path from 'node:path';
import { afterAll, beforeAll, describe } from 'vitest';
import { createWorkerPool } from '../../server/pool.js';
import { workerUrl } from '../../server/worker-url.js';
import type { TaskRunner } from '../../workers/tasks.js';
import { temporaryFolder } from '../support/stores.js';
import type { Ready, StoreUnderTest } from './conformance-context.js';
import { describeGiving } from './conformance-giving.js';
import { describeKeeping } from './conformance-keeping.js';
import { describePublishing } from './conformance-publishing.js';
import { describeReceiving } from './conformance-receiving.js';

/** The obligations of `Store`, on real disks and threads. Every store, and every decorator of one, runs it. */
export function describeStore(name: string, { make, place }: StoreUnderTest): void {
  describe(name, () => {
    let tasks: TaskRunner;
    beforeAll(() => {
      tasks = createWorkerPool({ worker: workerUrl });
    });
    afterAll(() => tasks[Symbol.asyncDispose]());

    const ready: Ready = async () => {
      const folder = await temporaryFolder();
      const makeOn = (root: string) => make({ root, tasks });
      const root = path.join(folder.path, 'root');
      const store = makeOn(root);
      await store.ready();
      return { root, store, makeOn, [Symbol.asyncDispose]: folder[Symbol.asyncDispose] };
    };

    describeReceiving(ready, place);
    describePublishing(ready);
    describeKeeping(ready);
    describeGiving(ready);
  });
}
