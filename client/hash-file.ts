import * as CLIENT_DEFAULTS from '../contract/client-defaults.js';
import {
  type ChunkHash,
  chunkAt,
  concatHashes,
  type FileHash,
  fileHashOf,
  fromHex,
  type Plan,
} from '../contract/for-clients.js';
import type { Engine } from './engine.js';
import { assertUnchanged, type Job } from './job.js';
import { orAbort, type Scope } from './scope.js';

/**
 * Hashes the whole file as `plan` cuts it, and remembers the chunk hashes in the job. What an earlier, broken-off pass
 * with the same chunk size has hashed is not hashed again.
 * @throws UploadError FILE_CHANGED
 */
export async function hashFile(engine: Engine, job: Job, plan: Plan, scope: Scope): Promise<FileHash> {
  const leave = await engine.hashGate.enter(scope);
  try {
    const hashes = await knownHashes(job, plan.chunkSize);
    await hashMissing(engine, job, plan, hashes, scope);
    await assertUnchanged(job);
    const sha256 = async (bytes: Uint8Array) => fromHex(await engine.hasher.hashBytes(bytes));
    return await fileHashOf(concatHashes(hashes), sha256);
  } finally {
    leave();
  }
}

/** The job's hashes for this chunk size; begins them where it has none. */
async function knownHashes(job: Job, chunkSize: number): Promise<ChunkHash[]> {
  await assertUnchanged(job);
  if (job.hashes?.chunkSize === chunkSize) return job.hashes.values as ChunkHash[];
  if (job.hashes) job.report({ type: 'hashPass' });
  const values: ChunkHash[] = [];
  job.hashes = { chunkSize, values };
  return values;
}

async function hashMissing(
  engine: Engine,
  job: Job,
  plan: Plan,
  hashes: ChunkHash[],
  scope: Scope,
): Promise<void> {
  const { size } = job.source;
  if (hashes.length < plan.total) job.report({ type: 'phase', phase: 'hashing' });
  const bytesUpTo = (index: number) => Math.min(size, index * plan.chunkSize);
  while (hashes.length < plan.total) {
    const first = hashes.length;
    const count = Math.min(CLIENT_DEFAULTS.hashBatchChunks, plan.total - first);
    const pieces = Array.from({ length: count }, (_, i) => chunkAt(plan, size, first + i));
    const batch = engine.hasher.hashChunks(job.source, pieces, {
      signal: scope.signal,
      onProgress: (bytes) => job.report({ type: 'hashed', bytes: bytesUpTo(first) + bytes }),
    });
    hashes.push(...(await orAbort(batch, scope.signal)));
    job.report({ type: 'hashed', bytes: bytesUpTo(hashes.length) });
    // A long hash is progress: patience begins with what comes after it.
    job.lastProgressAt = engine.clock.monotonic();
  }
}
