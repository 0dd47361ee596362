import * as CLIENT_DEFAULTS from '../contract/client-defaults.js';
import { orAborted, UploadError } from '../contract/for-clients.js';
import { sessionOf } from './begin.js';
import { bounded } from './bounded.js';
import { type Engine, requestTimeoutMs } from './engine.js';
import { toUploadError } from './errors.js';
import { createJob, type Job } from './job.js';
import { createNotifier } from './notify.js';
import { advance, at, initialProgress, type ProgressEvent } from './progress.js';
import { type CompletedView, runUpload } from './run.js';
import { createScope, type Scope } from './scope.js';
import type { Source } from './sources.js';
import type { PlainUploadOptions, UploadResult, UploadTask } from './types.js';

/** The reason that a scope is aborted with by `pause`: the upload is not over. */
const PAUSED = Symbol('paused');

/** Begins an upload. Its work starts in a later turn, so that the caller can subscribe first. */
export function createTask(
  engine: Engine,
  order: number,
  source: Source,
  options: PlainUploadOptions,
  root: Scope,
): UploadTask {
  const { clock } = engine;
  const startedAt = clock.monotonic();
  const scope = root.child();
  const notifier = createNotifier(clock);
  const relativePath = options.relativePath ?? source.relativePath;
  let record = initialProgress(options.name ?? source.name, source.size);
  /** Changes only as listeners are told, so that all who look see the same. */
  let shown = record.state;
  notifier.subscribe(() => {
    shown = record.state;
  });
  let cancelTick = () => {};
  let leg: Scope | undefined;
  let resume = () => {};
  let paused = false;
  let settled = false;
  let discarding = false;

  const report = (event: ProgressEvent) => {
    const { bytes } = record.state;
    record = advance(record, event, clock.monotonic());
    // Bytes that are sent again do not count, or a server that always fails would be waited for without end.
    if (record.state.bytes > bytes) job.lastProgressAt = clock.monotonic();
    notifier.changed(event.type !== 'sent' && event.type !== 'hashed' && event.type !== 'dropped');
    tick();
  };
  /** While bytes should move, speed and ETA are told anew even when none does. */
  const tick = () => {
    const { phase } = record.state;
    cancelTick();
    if (phase !== 'hashing' && phase !== 'uploading') return;
    cancelTick = clock.after(CLIENT_DEFAULTS.speedTickMs, () => {
      record = at(record, clock.monotonic());
      notifier.changed(true);
      tick();
    });
  };
  const job = createJob(order, source, options, clock, report);
  job.failuresBefore = engine.renewal.failures;

  /** Works until the end, or until `pause`. */
  async function work(): Promise<CompletedView> {
    for (;;) {
      if (paused) await untilContinued();
      report({ type: 'phase', phase: 'waiting' });
      const own = scope.child();
      leg = own;
      try {
        const leave = await engine.admission.enter(own);
        try {
          job.lastProgressAt = clock.monotonic();
          return await runUpload(engine, job, own, leave);
        } finally {
          leave();
        }
      } catch (error) {
        // Whatever came of the interrupted work, it is done again.
        if (own.signal.reason !== PAUSED) throw error;
      } finally {
        own.close();
      }
    }
  }

  function untilContinued(): Promise<void> {
    report({ type: 'phase', phase: 'paused' });
    return orAborted(scope.signal, (proceed: () => void) => {
      resume = proceed;
      return () => {};
    });
  }

  async function run(): Promise<UploadResult> {
    try {
      await Promise.resolve();
      const view = await work();
      report({ type: 'completed', path: view.path });
      return resultOf(job, view, clock.monotonic() - startedAt);
    } catch (cause) {
      const error = toUploadError(scope.signal.aborted ? scope.signal.reason : cause, { now: clock.now() });
      report({ type: 'failed', error });
      throw error;
    } finally {
      settled = true;
      if (!discarding) job.beginning?.abandon();
      scope.close();
      notifier.close();
      await source.close?.().catch(() => {});
      release();
    }
  }

  /** Whoever keeps the task afterwards does not keep the bytes, which may be gigabytes in memory. */
  function release() {
    const { name, size } = source;
    source = { name, size, read: () => Promise.reject(new UploadError('CANCELLED')) };
    job.source = source;
    job.hashes = null;
  }

  const result = run();
  result.catch(() => {});

  return {
    id: `upload-${order}`,
    policy: options.policy ?? 'default',
    relativePath,
    get state() {
      return shown;
    },
    subscribe: notifier.subscribe,
    pause() {
      if (settled || paused) return;
      paused = true;
      leg?.abort(PAUSED);
    },
    continue() {
      job.failuresBefore = engine.renewal.failures;
      paused = false;
      resume();
    },
    async cancel({ discard = false } = {}) {
      const cancelled = new UploadError('CANCELLED', { uploadId: job.uploadId ?? undefined });
      discarding ||= discard;
      scope.abort(cancelled);
      await result.catch(() => {});
      if (discard && record.state.phase !== 'completed') await discardSession(engine, job);
    },
    result,
  };
}

/** @throws UploadError where the server could not be asked */
async function discardSession(engine: Engine, job: Job): Promise<void> {
  const uploadId = await sessionOf(engine, job);
  if (uploadId === null) return;
  try {
    const scope = createScope();
    await engine.renewal.run(scope, () =>
      bounded(engine.clock, requestTimeoutMs(0), scope, (signal) =>
        engine.client.abort.mutate({ uploadId }, { signal }),
      ),
    );
  } catch (cause) {
    const error = toUploadError(cause, { now: engine.clock.now() });
    // It is gone, or it was completed by its last chunk meanwhile: there is nothing to discard.
    if (error.code !== 'UPLOAD_NOT_FOUND' && error.code !== 'UPLOAD_CLOSED') throw error;
  }
}

function resultOf(job: Job, view: CompletedView, durationMs: number): UploadResult {
  return {
    status: 'completed',
    uploadId: view.uploadId,
    path: view.path,
    hash: view.hash,
    size: view.size,
    resumed: job.resumed,
    sentBytes: job.sentBytes,
    retries: job.retries,
    durationMs: Math.round(durationMs),
    data: view.data,
  };
}
