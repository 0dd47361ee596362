import {
  DEFAULT_LIST_LIMIT,
  isFinal,
  MAX_MISSING_RANGES,
  MAX_RESUMABLE_SIZES,
  planFor,
  type ResumeInput,
  UploadError,
  type UploadView,
} from '../../contract/index.js';
import * as schemas from '../../contract/schemas.js';
import { closedError } from '../receive/receive-errors.js';
import type { UploadSession } from '../sessions/sessions.js';
import { markGone, policyOf } from '../start.js';
import { viewOf } from '../views.js';
import type { BaseProcedure, ProcedureDeps } from './base.js';

type Deps = ProcedureDeps['core'];

/** With what is still missing, where chunks are still wanted. */
async function viewWithMissing({ sessions }: Deps, session: UploadSession): Promise<UploadView> {
  if (session.status !== 'receiving') return viewOf(session, { ranges: [], more: false });
  if (session.receivedChunks === 0) return viewOf(session, { ranges: [[0, session.total - 1]], more: false });
  return viewOf(session, await sessions.missing(session.id, MAX_MISSING_RANGES));
}

export function policyProcedure(base: BaseProcedure, { core }: ProcedureDeps) {
  return base
    .input(schemas.policyInput)
    .output(schemas.policyOutput)
    .query(async ({ ctx, input }) => {
      const { name, rules, maxParallelChunks, types } = policyOf(core.policies, input.policy);
      const { size } = input;
      return {
        policy: name,
        ...rules,
        maxParallelChunks,
        types: types === null ? null : [...types],
        plan: size === undefined || size > rules.maxFileSize ? null : planFor(size, rules),
        resumable:
          size === undefined
            ? []
            : await core.sessions.resumableChunkSizes(ctx.owner, size, MAX_RESUMABLE_SIZES),
      };
    });
}

export function initProcedure(base: BaseProcedure, { core }: ProcedureDeps) {
  return base
    .input(schemas.initInput)
    .output(schemas.uploadView)
    .mutation(async ({ ctx, input, signal }) =>
      viewWithMissing(core, await core.start(ctx.owner, input, signal)),
    );
}

export function resumeProcedure(base: BaseProcedure, { core }: ProcedureDeps) {
  const { sessions, store, repair, clock } = core;

  async function find(owner: string, input: ResumeInput): Promise<UploadSession | null> {
    const session =
      'uploadId' in input
        ? await sessions.find(owner, input.uploadId)
        : await sessions.findByContent(owner, input);
    if (session?.status !== 'completed' || (await store.published(session)) !== null) return session;
    await markGone(core, session);
    return 'uploadId' in input ? await sessions.find(owner, input.uploadId) : null;
  }

  return base
    .input(schemas.resumeInput)
    .output(schemas.uploadView)
    .query(async ({ ctx, input }) => {
      const session = await find(ctx.owner, input);
      if (session === null) throw new UploadError('UPLOAD_NOT_FOUND');
      if (session.status !== 'receiving') return viewWithMissing(core, session);
      await sessions.touch(session.id, clock.now());
      return viewWithMissing(core, await repair.settle(session));
    });
}

export function abortProcedure(base: BaseProcedure, { core }: ProcedureDeps) {
  const { sessions, cleanup, clock } = core;
  return base
    .input(schemas.abortInput)
    .output(schemas.uploadView)
    .mutation(async ({ ctx, input }) => {
      const outcome = await sessions.abort(ctx.owner, input.uploadId, clock.now());
      if (outcome === null) throw new UploadError('UPLOAD_NOT_FOUND', { uploadId: input.uploadId });
      const { session, moved } = outcome;
      if (moved) cleanup.ended(session);
      // Aborting twice is one abort; what is completed, or about to be, stays.
      else if (session.status === 'completed' || !isFinal(session.status)) throw closedError(session);
      return viewOf(session);
    });
}

export function listProcedure(base: BaseProcedure, { core }: ProcedureDeps) {
  return base
    .input(schemas.listInput)
    .output(schemas.listOutput)
    .query(async ({ ctx, input }) => {
      const { cursor, status, limit = DEFAULT_LIST_LIMIT } = input;
      const statuses = typeof status === 'string' ? [status] : status;
      const { items, nextCursor } = await core.sessions.list({ owner: ctx.owner, statuses, cursor, limit });
      return {
        items: items.map((session) => viewOf(session)),
        ...(nextCursor !== undefined && { nextCursor }),
      };
    });
}
