import type { InitInput } from '../contract/index.js';
import {
  acceptsType,
  type Clock,
  type FileHash,
  MAX_METADATA_BYTES,
  type Metadata,
  planFor,
  planWith,
  totalOfFileHash,
  UploadError,
  utf8Bytes,
} from '../contract/index.js';
import { asJson } from './as-json.js';
import type { Assembler } from './assembly/assembler.js';
import type { Hooks } from './assembly/hooks.js';
import type { Events } from './events.js';
import { DEFAULT_POLICY, type ResolvedPolicy } from './policy.js';
import type { NewUpload, Quota, Sessions, UploadSession } from './sessions/sessions.js';
import type { Store } from './stores/store.js';
import type { Cleanup } from './upkeep/cleanup.js';
import type { Repair } from './upkeep/repair.js';

export interface StartDeps {
  readonly sessions: Sessions;
  readonly store: Store;
  readonly policies: ReadonlyMap<string, ResolvedPolicy>;
  readonly hooks: Hooks;
  readonly repair: Repair;
  readonly assembler: Assembler;
  readonly cleanup: Cleanup;
  readonly events: Pick<Events, 'publish'>;
  readonly quota: Quota;
  readonly clock: Clock;
  readonly newId: () => string;
  readonly completionWaitMs: number;
}

/** What `init` does: joins the session of this identity, or starts one. */
export type Start = (owner: string, input: InitInput, signal?: AbortSignal) => Promise<UploadSession>;

export function createStart(deps: StartDeps): Start {
  const { sessions, store, hooks, repair, assembler, clock } = deps;

  return async (owner, input, signal) => {
    const upload = await newUpload(owner, input, policyOf(deps.policies, input.policy), deps.newId());
    await hooks.authorize({ uploadId: upload.id, ...upload, hash: upload.declaredHash }, 'init');
    for (let { id } = upload; ; ) {
      const copyFrom = await sourceToCopy(owner, upload);
      const outcome = await sessions.create({ ...upload, id, copyFrom }, deps.quota, clock.now());
      if (outcome.kind === 'quota') throw new UploadError('QUOTA_EXCEEDED');
      const { session } = outcome;
      if (session.status === 'receiving') {
        const ready = await readyToReceive(session);
        if (ready.status === 'receiving') {
          if (outcome.kind === 'created') deps.events.publish(ready);
          return ready;
        }
        // It went on, or ended, in between: the next round joins it as it is now, or starts a new one.
        id = deps.newId();
        continue;
      }
      if (session.status === 'assembling') {
        assembler.kick(session.id);
        return (await assembler.outcome(session.id, deps.completionWaitMs, signal)) ?? session;
      }
      if (await isPublished(session)) return session;
      // Its file was deleted: it is gone now, and the next round starts a new session.
    }
  };

  /** Also for a session that another request created: that one may not have come this far yet. */
  async function readyToReceive(session: UploadSession): Promise<UploadSession> {
    const ready = await repair.restage(session);
    if (ready === null) throw new UploadError('UPLOAD_NOT_FOUND', { uploadId: session.id });
    return ready.suspect ? repair.settle(ready) : ready;
  }

  async function sourceToCopy(owner: string, upload: NewUpload): Promise<string | null> {
    const { declaredHash: hash, size, chunkSize } = upload;
    if (hash === null) return null;
    const source = await sessions.findCompleted(owner, { hash, size, chunkSize });
    return source !== null && (await isPublished(source)) ? source.id : null;
  }

  async function isPublished(session: UploadSession): Promise<boolean> {
    if ((await store.published(session)) !== null) return true;
    await markGone(deps, session);
    return false;
  }
}

/** Records that a completed upload's file is not there any more. */
export async function markGone(
  { sessions, cleanup, clock }: Pick<StartDeps, 'sessions' | 'cleanup' | 'clock'>,
  session: UploadSession,
): Promise<void> {
  if (await sessions.markGone(session.id, clock.now())) cleanup.endedSoon(session.id);
}

export function policyOf(
  policies: ReadonlyMap<string, ResolvedPolicy>,
  name: string = DEFAULT_POLICY,
): ResolvedPolicy {
  const found = policies.get(name);
  if (found === undefined)
    throw new UploadError('INPUT_INVALID', {
      message:
        name === DEFAULT_POLICY
          ? `Name a \`policy\`: ${[...policies.keys()].join(', ')}.`
          : `This server has no such policy. It has: ${[...policies.keys()].join(', ')}.`,
    });
  return found;
}

/** Checks the input against the policy; the session freezes what comes out. */
async function newUpload(
  owner: string,
  input: InitInput,
  policy: ResolvedPolicy,
  id: string,
): Promise<NewUpload> {
  const { rules } = policy;
  const { name, size, hash, type = null, lastModified = null, relativePath = null } = input;
  if (size > rules.maxFileSize)
    throw new UploadError('FILE_TOO_LARGE', { expected: rules.maxFileSize, received: size });
  if (!acceptsType(policy.types, type))
    throw new UploadError('TYPE_REFUSED', { expected: policy.types?.join(', ') ?? '', received: type ?? '' });
  const plan = planWith(size, input.chunkSize, rules);
  if (plan === null || !fits(hash, plan.total))
    throw new UploadError('PLAN_MISMATCH', { plan: planFor(size, rules) });
  const metadata = await checkMetadata(policy, input.metadata);
  return {
    id,
    owner,
    policy: policy.name,
    name,
    relativePath,
    type,
    lastModified,
    metadata,
    size,
    ...plan,
    declaredHash: hash,
    copyFrom: null,
  };
}

function fits(hash: FileHash | null, total: number): boolean {
  return hash === null || totalOfFileHash(hash) === total;
}

/** The output of the policy's schema is what is kept, as JSON, not what the client sent. */
async function checkMetadata(
  policy: ResolvedPolicy,
  metadata: Metadata | undefined,
): Promise<Metadata | null> {
  const bytes = metadata === undefined ? 0 : utf8Bytes(JSON.stringify(metadata));
  if (bytes > MAX_METADATA_BYTES)
    throw new UploadError('METADATA_TOO_LARGE', { expected: MAX_METADATA_BYTES, received: bytes });
  const schema = policy.hooks.input;
  if (schema === undefined) return metadata ?? null;
  const parsed = await schema.safeParseAsync(metadata);
  // Every hook gets what a restart would have kept: the same at `init` as later.
  if (parsed.success) {
    const kept = asJson(parsed.data);
    if ('json' in kept) return kept.json as Metadata | null;
    throw new Error(`what the input of policy "${policy.name}" makes cannot be kept: it has ${kept.flaw}`);
  }
  const issue = parsed.error.issues[0];
  const field = ['metadata', ...(issue?.path ?? [])].join('.');
  throw new UploadError('INPUT_INVALID', {
    message: `"${field}" is not valid: ${issue?.message ?? 'refused'}.`,
  });
}
