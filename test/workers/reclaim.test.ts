import { describe, expect, it } from 'vitest';
import { MiB } from '../../contract/index.js';
import { createReclaim } from '../../workers/reclaim.js';

describe('reclaiming memory', () => {
  it('collects each time enough bytes were used, and looks for the collector only then', () => {
    let [looked, collected] = [0, 0];
    const reclaim = createReclaim(100, () => {
      looked++;
      return () => void collected++;
    });
    for (const bytes of [60, 39]) reclaim(bytes);
    expect([looked, collected]).toEqual([0, 0]);
    for (const bytes of [1, 250, 99, 1]) reclaim(bytes);
    expect([looked, collected]).toEqual([1, 3]);
  });

  it('does without where the engine has no collector to call', () => {
    let looked = 0;
    const reclaim = createReclaim(1, () => void looked++);
    reclaim(1);
    reclaim(1);
    expect(looked).toBe(1);
  });

  it('frees memory that is not used any more', () => {
    const reclaim = createReclaim(1);
    const held = () => process.memoryUsage().arrayBuffers;
    const before = held();
    // Together less than what would make the engine collect by itself.
    const used = (() => Array.from({ length: 16 }, () => new ArrayBuffer(MiB)).length)();
    expect(held() - before).toBeGreaterThanOrEqual(used * MiB);
    // Memory is given back in the background, which the second collection waits for.
    reclaim(1);
    reclaim(1);
    expect(held() - before).toBeLessThan(4 * MiB);
  });
});
