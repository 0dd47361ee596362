import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { MiB } from '../../contract/index.js';
import { createUploads, policy } from '../../server/index.js';
import type { Logger } from '../../server/log.js';
import { temporaryFolder } from '../support/server.js';

/** A first mount of a root, and others of the same. */
async function setUp(first: object = {}) {
  const folder = await temporaryFolder();
  const warnings: { details: object; message: string }[] = [];
  const log: Logger = {
    info() {},
    error() {},
    warn: (details, message) => void warnings.push({ details, message }),
  };
  const mounted: AsyncDisposable[] = [];
  const mount = (options: object) => {
    const uploads = createUploads({ root: folder.path, owner: 'shared', log, ...options });
    mounted.push(uploads);
    return uploads;
  };
  mount(first);
  return {
    ...{ folder, warnings, mount },
    async [Symbol.asyncDispose]() {
      for (const uploads of mounted) await uploads[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

describe('a root that is mounted again with other options', () => {
  it('says once which ones have no effect', async () => {
    await using test = await setUp();
    for (let reload = 0; reload < 3; reload++)
      test.mount({ memoryBudgetBytes: 512 * MiB, durability: 'chunk' });
    expect(test.warnings).toEqual([
      {
        details: { root: test.folder.path, options: ['durability', 'memoryBudgetBytes'] },
        message:
          'the options durability, memoryBudgetBytes differ from those that the uploads of this root run with, and have no effect until the process is started anew',
      },
    ]);
    test.mount({ verify: 'always' });
    expect(test.warnings[1]?.details).toMatchObject({ options: ['verify'] });
  });

  it('says nothing of what is the same in other words, or left out', async () => {
    await using test = await setUp({
      memoryBudgetBytes: 512 * MiB,
      quota: { maxBytes: 5 },
      hookTimeoutMs: 1,
    });
    test.mount({});
    test.mount({
      ...{ memoryBudgetBytes: 512 * MiB, quota: { maxBytes: 5, maxUploads: null }, store: 'in-place' },
      ...{ database: path.join(test.folder.path, 'x/../chunkwise.db'), migrate: 'auto', log: console },
      verify: undefined,
    });
    expect(test.warnings).toEqual([]);
  });

  it.each<[string, object]>([
    ['store', { store: 'multi-file' }],
    ['database', { database: '/elsewhere.db' }],
    ['quota', { quota: { maxUploads: 7 } }],
    ['worker', { worker: '/elsewhere.js' }],
    ['workerThreads', { workerThreads: 3 }],
    ['migrate', { migrate: 'manual' }],
    ['completionWaitMs', { completionWaitMs: 1 }],
    ['budgetWaitMs', { budgetWaitMs: 1 }],
    ['bodyRateWindowMs', { bodyRateWindowMs: 1 }],
    ['hookTimeoutMs', { hookTimeoutMs: 1 }],
  ])('tells of %s', async (name, options) => {
    await using test = await setUp();
    test.mount(options);
    expect(test.warnings.map(({ details }) => details)).toEqual([
      { root: test.folder.path, options: [name] },
    ]);
  });

  it('checks its policies against the memory that there is, and not against what it asks for', async () => {
    const large = { default: policy({ maxChunkSize: 65 * MiB }) };
    await using small = await setUp();
    expect(() => small.mount({ memoryBudgetBytes: 1024 * MiB, policies: large })).toThrow(
      /The limits of policy "default" contradict each other: /,
    );
    expect(small.warnings).toHaveLength(1);
    await using roomy = await setUp({ memoryBudgetBytes: 1024 * MiB });
    roomy.mount({ policies: large });
    roomy.mount({ memoryBudgetBytes: 256 * MiB, policies: large });
  });

  it('begins with its own once the first one has left', async () => {
    await using folder = await temporaryFolder();
    const mount = (memoryBudgetBytes: number) =>
      createUploads({
        ...{ root: folder.path, owner: 'shared', memoryBudgetBytes },
        policies: { default: policy({ maxChunkSize: 65 * MiB }) },
      });
    await mount(512 * MiB).close();
    expect(() => mount(256 * MiB)).toThrow('contradict');
  });
});
