import { describe, expect, it } from 'vitest';
import type { SourceLike } from '../../client/index.js';
import { readUntil } from '../../client/read-until.js';
import { bytesOf, gate, setup } from './support/setup.js';

/** Sources without end, that count what was asked of them. */
function endless() {
  const seen = { asked: 0, closed: 0 };
  const sources = (async function* (): AsyncGenerator<SourceLike> {
    try {
      for (;;) {
        seen.asked++;
        yield bytesOf(10);
      }
    } finally {
      seen.closed++;
    }
  })();
  return { seen, sources };
}

describe('uploadAll', () => {
  it('reads no more sources once its signal aborts, and closes what it reads from', async () => {
    await using test = await setup();
    const { seen, sources } = endless();
    const controller = new AbortController();
    const settled = await test.uploader.uploadAll(sources, { signal: controller.signal }, () => {
      if (seen.asked === 3) controller.abort();
    });
    expect(settled.map((one) => one.status === 'failed' && one.error.code)).toEqual(
      Array.from({ length: 3 }, () => 'CANCELLED'),
    );
    expect(seen).toEqual({ asked: 3, closed: 1 });
  });

  it('asks for nothing where its signal has aborted before', async () => {
    await using test = await setup();
    const { seen, sources } = endless();
    expect(await test.uploader.uploadAll(sources, { signal: AbortSignal.abort() })).toEqual([]);
    expect(seen.asked).toBe(0);
    await expect(sources.next()).resolves.toMatchObject({ done: true });
  });

  it.each(['aborts', 'closes'] as const)(
    'does not wait for a source that never comes when it %s',
    async (how) => {
      await using test = await setup();
      const controller = new AbortController();
      const waiting = gate();
      const sources = (async function* () {
        yield bytesOf(10);
        waiting.open();
        await new Promise(() => {});
      })();
      const uploading = test.uploader.uploadAll(sources, { signal: controller.signal });
      await waiting.opened;
      if (how === 'aborts') controller.abort();
      else await test.uploader.close();
      expect(await uploading).toHaveLength(1);
    },
  );
});

describe('readUntil', () => {
  const open = new AbortController().signal;

  it('leaves an iterator alone that has ended', async () => {
    const { sources, closed } = counted(['a', 'b']);
    const taken: string[] = [];
    await readUntil(open, sources, (value) => taken.push(value));
    expect([taken, closed()]).toEqual([['a', 'b'], 0]);
  });

  it('closes it where the taker throws, and throws the same', async () => {
    const { sources, closed } = counted(['a', 'b']);
    const reading = readUntil(open, sources, (value) => {
      throw new Error(value);
    });
    await expect(reading).rejects.toThrow('a');
    expect(closed()).toBe(1);
  });

  it('throws what the iterator throws', async () => {
    const sources = (function* () {
      yield 'a';
      throw new Error('no more');
    })();
    await expect(readUntil(open, sources, () => {})).rejects.toThrow('no more');
  });

  function counted(values: string[]) {
    let closed = 0;
    const iterator = values.values();
    const sources: Iterable<string> = {
      [Symbol.iterator]: () => ({
        next: () => iterator.next(),
        return: () => {
          closed++;
          return { done: true as const, value: undefined };
        },
      }),
    };
    return { sources, closed: () => closed };
  }
});
