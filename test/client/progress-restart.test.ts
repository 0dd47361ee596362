import { describe, expect, it } from 'vitest';
import type { TaskState } from '../../client/index.js';
import { KiB } from '../../contract/index.js';
import type { Script } from './support/script.js';
import { bytesOf, setup } from './support/setup.js';

const SIZE = 50_000;

/** The session vanishes before this request for a chunk, and from then on the policy cuts files otherwise. */
const LOST_AT = 9;

async function statesOf(hashing: 'before' | 'during', chunkSize: number): Promise<TaskState[]> {
  const script: Script = { maxParallelChunks: 1 };
  await using test = await setup(script, { hashing });
  let chunks = 0;
  script.fault = ({ index }) => {
    if (index === undefined || ++chunks !== LOST_AT) return undefined;
    test.server.sessions.all.clear();
    script.rules = { chunkSize, minChunkSize: chunkSize };
    return undefined;
  };
  const task = test.uploader.add(bytesOf(SIZE));
  const states: TaskState[] = [];
  task.subscribe(() => states.push(task.state));
  await task.result;
  states.push(task.state);
  return states;
}

describe.each(['before', 'during'] as const)('a session that was lost, hashed %s', (hashing) => {
  it.each([
    ['larger', 16 * KiB],
    ['smaller', 2 * KiB],
    ['the same', 4 * KiB],
  ])('and begun anew with %s chunks: all numbers fit each other', async (_, chunkSize) => {
    const states = await statesOf(hashing, chunkSize);
    for (const { chunks, total, bytes, fraction } of states) {
      expect(chunks).toBeLessThanOrEqual(total ?? 0);
      expect(bytes).toBeLessThanOrEqual(SIZE);
      if (bytes < SIZE && total !== null) expect(chunks).toBeLessThan(total);
      expect(fraction).toBeLessThanOrEqual(1);
    }
    for (const [i, state] of states.entries()) {
      const before = states[i - 1] ?? state;
      expect(state.bytes).toBeGreaterThanOrEqual(before.bytes);
      if (state.total === before.total) expect(state.chunks).toBeGreaterThanOrEqual(before.chunks);
    }
    const total = Math.ceil(SIZE / chunkSize);
    expect(new Set(states.map((state) => state.total))).toEqual(
      new Set(chunkSize === 4 * KiB ? [null, total] : [null, Math.ceil(SIZE / (4 * KiB)), total]),
    );
    expect(states.at(-1)).toMatchObject({ phase: 'completed', bytes: SIZE, chunks: total, total });
  });
});
