import { chunkAt, indexesOf } from '../../contract/index.js';
import type { TaskRunner } from '../../workers/tasks.js';
import { readChunks } from '../assembly/chunk-pages.js';
import type { Core } from '../core.js';
import type { UploadSession } from '../sessions/sessions.js';
import { markGone } from '../start.js';
import { findDamaged } from '../stores/damage.js';
import { look, nodeFileCalls } from '../stores/file-calls.js';
import type { Store, StoredChunk } from '../stores/store.js';
import { inPages } from './pages.js';

/** Chunks checked between two reports of progress; bounds memory as well. */
const CHUNKS_AT_ONCE = 500;

/** Something about an upload's stored bytes that is not as it was recorded. */
export interface Finding {
  readonly upload: UploadSession;
  /** 'gone': a completed file is not there. 'damaged': bytes are not what was verified when they came. */
  readonly kind: 'gone' | 'damaged';
  /** Damaged chunks, ascending; none where only the size of the file is wrong. */
  readonly chunks: readonly number[];
  /**
   * 'recorded': sessions know it now, so that a client sends the bytes again. 'by-server': a server does that by
   * itself when it starts. 'none': nothing was changed.
   */
  readonly repair: 'recorded' | 'by-server' | 'none';
}

export interface CheckOptions {
  /** Record what was found: damaged chunks of unfinished uploads are missing again, completed files are gone. */
  readonly repair: boolean;
  onFinding(finding: Finding): void;
}

export interface CheckReport {
  /** Completed files, and unfinished uploads, that were looked at. */
  completed: number;
  unfinished: number;
  /** Read and hashed. */
  bytes: number;
  gone: number;
  damagedFiles: number;
  damagedUploads: number;
}

export type CheckDeps = Pick<Core, 'sessions' | 'cleanup' | 'clock'> & {
  /** The first one serves for published files, which lie alike for all. */
  readonly stores: readonly [Store, ...Store[]];
  readonly tasks: TaskRunner;
};

/** Reads every completed file, and what staging holds, and compares. Deletes nothing. No server may be running. */
export async function check(deps: CheckDeps, options: CheckOptions): Promise<CheckReport> {
  const { sessions } = deps;
  const report = { completed: 0, unfinished: 0, bytes: 0, gone: 0, damagedFiles: 0, damagedUploads: 0 };
  for await (const upload of uploadsIn(deps, 'completed')) {
    report.completed++;
    const finding = await lookAtFile(deps, upload, report);
    if (finding === null) continue;
    report[finding.kind === 'gone' ? 'gone' : 'damagedFiles']++;
    const repair = options.repair && finding.kind === 'gone';
    if (repair) await markGone(deps, upload);
    options.onFinding({ ...finding, repair: repair ? 'recorded' : 'none' });
  }
  for (const status of ['receiving', 'assembling'] as const)
    for await (const upload of uploadsIn(deps, status)) {
      // Its bytes are another upload's file, which is looked at by itself; staging may hold nothing yet.
      if (upload.copyFrom !== null) continue;
      report.unfinished++;
      const chunks = await lookAtStaging(deps, upload, report);
      if (chunks.length === 0) continue;
      report.damagedUploads++;
      const repair = options.repair && status === 'receiving';
      if (repair) await sessions.drop(upload.id, chunks);
      const done = repair ? 'recorded' : status === 'receiving' ? 'none' : 'by-server';
      options.onFinding({ upload, kind: 'damaged', chunks, repair: done });
    }
  return report;
}

function uploadsIn({ sessions }: CheckDeps, status: UploadSession['status']) {
  return inPages((after, limit) => sessions.page(status, after, limit));
}

async function lookAtFile(
  deps: CheckDeps,
  upload: UploadSession,
  read: { bytes: number },
): Promise<Omit<Finding, 'repair'> | null> {
  const path = deps.stores[0].publishedPath(upload);
  const seen = await look(nodeFileCalls, path);
  if (seen.kind === 'nothing') return { upload, kind: 'gone', chunks: [] };
  const damaged = await damagedIn(deps, upload, read, (chunks) =>
    findDamaged(
      deps.tasks,
      chunks.map((chunk) => ({ ...chunk, path })),
    ),
  );
  // Chunks whose hash nobody knows: the file cannot be told to be whole.
  const unrecorded = indexesOf((await deps.sessions.missing(upload.id, upload.total)).ranges);
  const chunks = [...damaged, ...unrecorded].sort((a, b) => a - b);
  const whole = chunks.length === 0 && seen.kind === 'file' && seen.size === upload.size;
  return whole ? null : { upload, kind: 'damaged', chunks };
}

async function lookAtStaging(
  deps: CheckDeps,
  upload: UploadSession,
  read: { bytes: number },
): Promise<number[]> {
  let [store] = deps.stores;
  // Moved already, and not recorded yet: a server ends that when it starts.
  if (upload.publishing && (await store.published(upload)) !== null) return [];
  for (const candidate of deps.stores) if (await candidate.exists(upload)) store = candidate;
  return damagedIn(deps, upload, read, (chunks) => store.verify(upload, chunks));
}

/** Recorded chunks that are damaged, ascending. */
async function damagedIn(
  { sessions }: CheckDeps,
  upload: UploadSession,
  read: { bytes: number },
  verify: (chunks: StoredChunk[]) => Promise<number[]>,
): Promise<number[]> {
  const damaged: number[] = [];
  let batch: StoredChunk[] = [];
  const settle = async () => {
    damaged.push(...(await verify(batch)));
    read.bytes += batch.reduce((sum, { size }) => sum + size, 0);
    batch = [];
  };
  for await (const { index, hash } of readChunks(sessions, upload)) {
    batch.push({ ...chunkAt(upload, upload.size, index), hash });
    if (batch.length === CHUNKS_AT_ONCE) await settle();
  }
  await settle();
  return damaged;
}
