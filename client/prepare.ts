import * as CLIENT_DEFAULTS from '../contract/client-defaults.js';
import {
  acceptsType,
  formatSize,
  isUploadError,
  type Plan,
  type PolicyView,
  planWith,
  UploadError,
  type UploadView,
} from '../contract/for-clients.js';
import { beginSession } from './begin.js';
import type { Engine } from './engine.js';
import { hashFile } from './hash-file.js';
import { assertUnchanged, type Job } from './job.js';
import { persist, persistCall } from './persist.js';
import type { Scope } from './scope.js';
import { ANOTHER_FILE, checkView, untrusted } from './trust.js';

/**
 * Everything up to the answer of `init`: ask for the policy, choose a chunk size, hash, begin or join the session.
 * @throws UploadError, or the scope's reason when it aborts
 */
export async function prepare(engine: Engine, job: Job, scope: Scope): Promise<UploadView> {
  const { size } = job.source;
  const { policy: name } = job.options;
  await assertUnchanged(job);
  const policy = await persistCall(engine, job, scope, (signal) =>
    engine.client.policy.query({ policy: name, size }, { signal }),
  );
  if (!Number.isSafeInteger(policy?.maxFileSize)) throw untrusted('no policy');
  job.policy = policy;
  const plan = policy.plan;
  if (size > policy.maxFileSize || !plan)
    throw new UploadError('FILE_TOO_LARGE', {
      expected: policy.maxFileSize,
      received: size,
      message: `${job.name} has ${formatSize(size)}; at most ${formatSize(policy.maxFileSize)} are allowed.`,
    });
  const { type = null } = job.source;
  if (!acceptsType(policy.types, type)) {
    const expected = policy.types?.join(', ') ?? '';
    throw new UploadError('TYPE_REFUSED', {
      expected,
      received: type ?? '',
      message: `${job.name} is ${type ?? 'of no known type'}; accepted are: ${expected}.`,
    });
  }
  const view = await begin(engine, job, plan, scope).catch((error: unknown) => {
    // The policy changed since it was asked: once more, with the plan that the server wants now.
    const wanted = isUploadError(error) && error.code === 'PLAN_MISMATCH' ? error.data.plan : undefined;
    if (!wanted || wanted.chunkSize === plan.chunkSize) throw error;
    return init(engine, job, wanted, scope);
  });
  adopt(job, view);
  return view;
}

/**
 * Finds the chunk size to begin with. Sessions of this size with other chunk sizes may hold this very file; only
 * hashing tells. The newest sizes are tried, each at the price of one pass over the file, and left again unless the
 * server knows the content under them.
 */
async function begin(engine: Engine, job: Job, plan: Plan, scope: Scope): Promise<UploadView> {
  if (engine.hashing === 'before' && job.policy)
    for (const candidate of candidates(job.policy, plan, job.source.size)) {
      const hash = await hashFile(engine, job, candidate, scope);
      const content = { hash, size: job.source.size, chunkSize: candidate.chunkSize };
      const known = await persistCall(engine, job, scope, (signal) =>
        engine.client.resume.query(content, { signal }),
      ).then(
        () => true,
        (error: unknown) => {
          if (isUploadError(error) && error.code === 'UPLOAD_NOT_FOUND') return false;
          throw error;
        },
      );
      if (known) return init(engine, job, candidate, scope);
    }
  return init(engine, job, plan, scope);
}

/** Chunk sizes to look for before the plan's own. None where the newest session has the plan's: `init` joins it. */
function candidates(policy: PolicyView, plan: Plan, size: number): Plan[] {
  if (plan.mode === 'single') return [];
  const others = policy.resumable.indexOf(plan.chunkSize);
  return policy.resumable
    .slice(0, others === -1 ? CLIENT_DEFAULTS.hashTries : Math.min(others, CLIENT_DEFAULTS.hashTries))
    .map((chunkSize) => planWith(size, chunkSize, policy))
    .filter((candidate) => candidate !== null);
}

async function init(engine: Engine, job: Job, plan: Plan, scope: Scope): Promise<UploadView> {
  const { source, options } = job;
  const hash = engine.hashing === 'before' ? await hashFile(engine, job, plan, scope) : null;
  job.fileHash = hash;
  const { type, lastModified } = source;
  const input = {
    name: job.name,
    size: source.size,
    chunkSize: plan.chunkSize,
    hash,
    policy: options.policy,
    metadata: options.metadata,
    relativePath: options.relativePath ?? source.relativePath,
    type,
    // Times before 1970 cannot be told; a file is no worse for being old.
    lastModified: lastModified !== undefined && lastModified >= 0 ? Math.trunc(lastModified) : undefined,
  };
  return persist(engine, job, scope, () => beginSession(engine, job, input, scope));
}

/** Takes the session over into the job. */
function adopt(job: Job, view: UploadView): void {
  checkView(job, view);
  // Hashed while sending, where there are none yet.
  job.hashes ??= { chunkSize: view.chunkSize, values: [] };
  if (job.hashes.chunkSize !== view.chunkSize) throw untrusted(ANOTHER_FILE, view.uploadId);
  if (!job.begun) job.resumed = view.receivedChunks > 0;
  job.begun = true;
  job.uploadId = view.uploadId;
}

/** Tells the progress what the server holds. */
export function reportSession(job: Job, view: UploadView): void {
  job.report({ type: 'session', view, resumed: job.resumed });
}
