import { chunkAt, indexesOf } from '../contract/index.js';
import type { TaskRunner } from '../workers/tasks.js';
import { readChunks } from './chunk-pages.js';
import type { Cleanup } from './cleanup.js';
import type { Core } from './core.js';
import type { UploadSession } from './sessions/sessions.js';
import { markGone } from './start.js';
import { findDamaged } from './stores/disk.js';
import { look, nodeFileCalls } from './stores/file-calls.js';
import type { Store, StoredChunk } from './stores/store.js';

/** Sessions read at one time. */
const BATCH = 100;
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
  /** Told of bytes as they have been read. */
  onRead?(bytes: number): void;
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

export type CheckDeps = Pick<Core, 'sessions' | 'clock'> & {
  readonly cleanup: Cleanup;
  /** The first one serves for published files, which lie alike for all. */
  readonly stores: readonly [Store, ...Store[]];
  readonly tasks: TaskRunner;
};

/** Reads every completed file, and what staging holds, and compares. Deletes nothing. No server may be running. */
export async function check(deps: CheckDeps, options: CheckOptions): Promise<CheckReport> {
  const { sessions, stores, tasks } = deps;
  const [published] = stores;
  const report: CheckReport = {
    completed: 0,
    unfinished: 0,
    bytes: 0,
    gone: 0,
    damagedFiles: 0,
    damagedUploads: 0,
  };
  const read = (bytes: number) => {
    report.bytes += bytes;
    options.onRead?.(bytes);
  };

  async function each(status: UploadSession['status'], look: (upload: UploadSession) => Promise<void>) {
    for (let after: string | null = null; ; ) {
      const page: UploadSession[] = await sessions.page(status, after, BATCH);
      for (const upload of page) await look(upload);
      after = page.at(-1)?.id ?? null;
      if (page.length < BATCH) return;
    }
  }

  /** Damaged chunks among the recorded ones. */
  async function damagedIn(
    upload: UploadSession,
    verify: (chunks: StoredChunk[]) => Promise<number[]>,
  ): Promise<number[]> {
    const damaged: number[] = [];
    let batch: StoredChunk[] = [];
    const settle = async () => {
      damaged.push(...(await verify(batch)));
      read(batch.reduce((sum, { size }) => sum + size, 0));
      batch = [];
    };
    for await (const { index, hash } of readChunks(sessions, upload)) {
      batch.push({ ...chunkAt(upload, upload.size, index), hash });
      if (batch.length === CHUNKS_AT_ONCE) await settle();
    }
    await settle();
    return damaged;
  }

  const damagedInFile = (upload: UploadSession, path: string) =>
    damagedIn(upload, (chunks) =>
      findDamaged(
        tasks,
        chunks.map((chunk) => ({ ...chunk, path })),
      ),
    );

  /** Chunks whose hash nobody knows: the file cannot be told to be whole. */
  async function unrecorded({ id, total }: UploadSession): Promise<number[]> {
    return [...indexesOf((await sessions.missing(id, total)).ranges)];
  }

  async function lookAtFile(upload: UploadSession): Promise<void> {
    const path = published.publishedPath(upload);
    report.completed++;
    const seen = await look(nodeFileCalls, path);
    if (seen.kind === 'nothing') {
      report.gone++;
      if (options.repair) await markGone(deps, upload);
      options.onFinding({ upload, kind: 'gone', chunks: [], repair: options.repair ? 'recorded' : 'none' });
      return;
    }
    const chunks = [...(await damagedInFile(upload, path)), ...(await unrecorded(upload))];
    if (chunks.length === 0 && seen.kind === 'file' && seen.size === upload.size) return;
    report.damagedFiles++;
    options.onFinding({ upload, kind: 'damaged', chunks, repair: 'none' });
  }

  async function lookAtStaging(upload: UploadSession): Promise<void> {
    const { id, status, copyFrom, publishing } = upload;
    // Its bytes are another upload's file, which is looked at by itself; staging may hold nothing yet.
    if (copyFrom !== null) return;
    report.unfinished++;
    if (publishing && (await published.published(upload)) !== null) return;
    let store: Store = published;
    for (const candidate of stores) if (await candidate.exists(upload)) store = candidate;
    const chunks = await damagedIn(upload, (batch) => store.verify(upload, batch));
    if (chunks.length === 0) return;
    report.damagedUploads++;
    const receiving = status === 'receiving';
    if (options.repair && receiving) await sessions.drop(id, chunks);
    const repair = receiving ? (options.repair ? 'recorded' : 'none') : 'by-server';
    options.onFinding({ upload, kind: 'damaged', chunks, repair });
  }

  await each('completed', lookAtFile);
  await each('receiving', lookAtStaging);
  await each('assembling', lookAtStaging);
  return report;
}
