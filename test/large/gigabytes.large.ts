import { randomFillSync } from 'node:crypto';
import fs from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { GiB, MiB } from '../../contract/index.js';
import { type Report, reportsOf, run, start } from '../cli/support.js';
import { peakMemory } from '../support/peak-memory.js';
import { temporaryFolder } from '../support/server.js';

/** A file whose every MiB differs; random bytes are expensive to make, so a block of them is numbered and repeated. */
async function makeFile(file: string, size: number): Promise<void> {
  const block = randomFillSync(Buffer.alloc(64 * MiB));
  const handle = await fs.open(file, 'w');
  for (let written = 0; written < size; written += block.length) {
    for (let at = 0; at < block.length; at += MiB) block.writeDoubleLE(written + at, at);
    await handle.write(block, 0, Math.min(block.length, size - written));
  }
  await handle.close();
}

async function expectEqual(one: string, other: string): Promise<void> {
  const [left, right] = [await fs.open(one), await fs.open(other)];
  const [a, b] = [Buffer.alloc(16 * MiB), Buffer.alloc(16 * MiB)];
  let differs = false;
  for (let more = true; more && !differs; ) {
    const [read, alsoRead] = [await left.read(a), await right.read(b)];
    differs =
      read.bytesRead !== alsoRead.bytesRead ||
      Buffer.compare(a.subarray(0, read.bytesRead), b.subarray(0, alsoRead.bytesRead)) !== 0;
    more = read.bytesRead > 0;
  }
  await left.close();
  await right.close();
  expect(differs).toBe(false);
}

/** One upload to a fresh server: the report, and both processes' peak memory. */
async function upload(folder: string, file: string, args: string[] = []) {
  const root = path.join(folder, `root-${path.basename(file)}`);
  await using server = start(['serve', '--root', root, '--port', '0', ...args]);
  const [, url = ''] = await server.until('stdout', /listening on (\S+)\n/);
  const ended = await run(['upload', file, '--to', url, '--json']);
  const [report] = reportsOf(ended) as [Report];
  expect(ended.code).toBe(0);
  await expectEqual(file, path.join(root, report.path));
  // What staging held is removed once the client has its answer.
  await expect.poll(() => fs.readdir(path.join(root, 'staging'))).toEqual([]);
  const peak = await peakMemory(server.pid);
  await fs.rm(root, { recursive: true });
  return { report, peak };
}

describe('large files', () => {
  it.each(['in-place', 'multi-file'])('a file of 1 GiB arrives whole, %s', async (store) => {
    await using folder = await temporaryFolder();
    const file = path.join(folder.path, '1g.bin');
    await makeFile(file, GiB);
    const { report } = await upload(folder.path, file, ['--store', store]);
    expect(report).toMatchObject({ status: 'completed', size: GiB, sentBytes: GiB, resumed: false });
  });

  it('a file of 4 GiB costs the server no more memory than one of 64 MiB', async (context) => {
    if (process.platform !== 'linux') return context.skip('lacks /proc, which tells the peak memory');
    await using folder = await temporaryFolder();
    const peaks: number[] = [];
    for (const [name, size] of [
      ['64m.bin', 64 * MiB],
      ['4g.bin', 4 * GiB],
    ] as const) {
      const file = path.join(folder.path, name);
      await makeFile(file, size);
      const { peak } = await upload(folder.path, file);
      peaks.push(peak);
      await fs.rm(file);
    }
    const [small = 0, large = 0] = peaks;
    // What the pieces on their way come to at the most; measured, it is about 45 MiB.
    expect(
      large - small,
      `peaks of ${peaks.map((peak) => Math.round(peak / MiB)).join(' and ')} MiB`,
    ).toBeLessThan(96 * MiB);
  });
});
