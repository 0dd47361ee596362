import type { z } from 'zod';
import {
  type AsJson,
  contradictionIn,
  DEFAULT_PLAN_RULES,
  type FileHash,
  type Metadata,
  MIN_CHUNKS_IN_BUDGET,
  type NoPolicies,
  type PlanRules,
  POLICY_DEFAULTS,
} from '../contract/index.js';
import { flawInSchema } from './policy-input.js';

/** The default policy's name: bare clients use it. */
export const DEFAULT_POLICY = 'default';

/** What a hook is told of an upload. */
export interface HookUpload<Meta = Metadata | null> {
  readonly uploadId: string;
  readonly owner: string;
  readonly policy: string;
  readonly name: string;
  readonly relativePath: string | null;
  readonly type: string | null;
  /** Bytes. */
  readonly size: number;
  /** Null at `init` where the client hashes while sending. */
  readonly hash: FileHash | null;
  /** What the policy's `input` schema made of it, as JSON keeps it: a date is a text again. */
  readonly metadata: Meta;
}

/** What `authorize` and `beforePublish` answer: true lets the upload go on, false refuses it, a string says why. */
export type Verdict = boolean | string;

/** Any JSON object, or none. */
export type AnyMetadata = z.ZodType<Metadata | null, Metadata | undefined>;

/** What hooks get of a schema's output. */
type MetadataOf<Input extends z.ZodType> = AsJson<z.output<Input>>;

/** What a hook may carry beside the function that it is. */
export interface HookCheck {
  /**
   * Can it run here? Asked when the server opens (`uploads.ready()`, or the first request), which fails with what this
   * throws: one sentence that says what to do. A hook that calls another one hands that one's `ready` on.
   */
  readonly ready?: (() => void | Promise<void>) | undefined;
}

export interface PolicyOptions<Input extends z.ZodType = AnyMetadata, Data = undefined> {
  /** Files up to this size go as one chunk. Bytes; default 16 MiB. */
  threshold?: number;
  /** Preferred size of a chunk. Bytes; default 8 MiB; grows with large files. */
  chunkSize?: number;
  /** Largest chunk that a client may choose. Bytes; default 64 MiB; at most a quarter of the memory budget. */
  maxChunkSize?: number;
  /** Bytes; default 5 TiB. */
  maxFileSize?: number;
  /** Chunks of one file that a client sends at the same time. Default 4. */
  maxParallelChunks?: number;
  /** Accepted MIME types as the client declares them, `image/*` included. Default: all. */
  types?: readonly string[];
  /** Schema of the metadata that clients send with `init`. Default: any JSON object, or none. */
  input?: Input;
  /**
   * May this owner upload this? Asked at `init`, and again just before publishing (`stage` tells which). A string
   * refuses with REFUSED.
   */
  authorize?: ((
    upload: HookUpload<MetadataOf<Input>>,
    stage: 'init' | 'publish',
  ) => Verdict | Promise<Verdict>) &
    HookCheck;
  /**
   * The whole file is verified and readable at `file.path`, and not yet published. A string refuses it for good with
   * HOOK_REFUSED; a throw means "try again later". The file must not be changed.
   */
  beforePublish?: ((
    upload: HookUpload<MetadataOf<Input>>,
    file: { path: string; signal: AbortSignal },
  ) => Verdict | Promise<Verdict>) &
    HookCheck;
  /**
   * The upload is completed. Called at least once, keyed by `uploadId`, until it returns; its first result, as JSON, is
   * the upload's `data`. It cannot undo the upload.
   */
  completed?: ((
    upload: HookUpload<MetadataOf<Input>>,
    file: { path: string; absolutePath: string; signal: AbortSignal },
  ) => Data | Promise<Data>) &
    HookCheck;
}

/** Any policy, whatever its metadata: what the server's core works with. */
// biome-ignore lint/suspicious/noExplicitAny: a policy is contravariant in its metadata and covariant in its data.
export type AnyPolicy = PolicyOptions<any, any>;
/** By name. `default: false`: an upload has to name a policy. */
export type Policies = Record<string, AnyPolicy | false>;

/**
 * Keeps the context of a call from deciding a type argument, as `NoInfer` does; but it leaves the plain type, where
 * conditional types see the members of a union inside `NoInfer` as one.
 */
type Settled<Type> = [Type] extends [infer Plain] ? Plain : never;

/** Infers a policy's types, of its metadata from `input` and of its `data` from `completed`; returns its argument. */
export function policy<Input extends z.ZodType = AnyMetadata, Data = undefined>(
  options: PolicyOptions<Input, Data>,
): PolicyOptions<NoInfer<Input>, Settled<Data>> {
  // The same types, which TypeScript does not see before it knows them.
  return options as PolicyOptions<NoInfer<Input>, Settled<Data>>;
}

/** Metadata travels as a JSON object, whatever else the schema would take. */
type Sent<Input> = unknown extends Input
  ? NoPolicies['default']['metadata']
  : Extract<Input, object | undefined>;

type MetadataIn<Policy> = Policy extends { input?: infer Input }
  ? NonNullable<Input> extends z.ZodType
    ? Sent<z.input<NonNullable<Input>>>
    : NoPolicies['default']['metadata']
  : NoPolicies['default']['metadata'];

type DataOut<Policy> = Policy extends { completed?: infer Hook }
  ? NonNullable<Hook> extends (...args: never) => infer Answer
    ? JsonOrNone<Awaited<Answer>>
    : undefined
  : undefined;
// biome-ignore lint/suspicious/noConfusingVoidType: what a hook without a result returns.
type JsonOrNone<Answer> = Answer extends void | undefined ? undefined : AsJson<Answer>;

type Closed<Configured> = {
  [Name in keyof Configured]: Configured[Name] extends false ? Name : never;
}[keyof Configured];

/** What configured policies mean to clients. `default` is among them unless it is false. */
export type PolicyMapOf<Configured extends Policies> = {
  [Name in (keyof Configured & string) | 'default' as Name extends Closed<Configured>
    ? never
    : Name]: Name extends keyof Configured
    ? { metadata: MetadataIn<Configured[Name]>; data: DataOut<Configured[Name]> }
    : NoPolicies['default'];
};

export interface ResolvedPolicy {
  readonly name: string;
  readonly rules: PlanRules;
  readonly maxParallelChunks: number;
  readonly types: readonly string[] | null;
  readonly hooks: AnyPolicy;
}

/** A MIME type without parameters, or a pattern of them such as `image/*`. */
const MIME_TYPE = /^[^\s/;]+\/[^\s/;]+$/;

/** People know `.pdf` from `<input accept>`. @returns what is wrong and what to write, or null */
function flawInTypes(types: readonly string[]): string | null {
  if (!Array.isArray(types)) return "they are no list: write types: ['image/*'].";
  if (types.length === 0) return 'the list is empty. Leave `types` out to take every type.';
  const wrong = types.find((type) => !MIME_TYPE.test(String(type).trim()));
  return wrong === undefined
    ? null
    : `"${wrong}" is no MIME type. Write it as in application/pdf or image/*, without parameters.`;
}

export interface StoreLimits {
  readonly maxFileSizeBytes: number;
  readonly maxChunks: number;
}

/**
 * All policies, with `default` among them unless it is false.
 * @throws Error in plain words where limits contradict each other, or no metadata can ever be right
 */
export function resolvePolicies(
  policies: Policies,
  store: StoreLimits,
  memoryBudgetBytes: number,
): Map<string, ResolvedPolicy> {
  const resolved = new Map<string, ResolvedPolicy>();
  const all: Policies = { [DEFAULT_POLICY]: {}, ...policies };
  for (const [name, options] of Object.entries(all)) {
    if (options === false) continue;
    const flaw = options.input === undefined ? null : flawInSchema(options.input);
    if (flaw !== null) throw new Error(`The input of policy "${name}" can never work: ${flaw}`);
    const maxChunkSize = options.maxChunkSize ?? DEFAULT_PLAN_RULES.maxChunkSize;
    const maxChunks = Math.min(DEFAULT_PLAN_RULES.maxChunks, store.maxChunks);
    const rules: PlanRules = {
      ...DEFAULT_PLAN_RULES,
      threshold: options.threshold ?? POLICY_DEFAULTS.thresholdBytes,
      chunkSize: options.chunkSize ?? POLICY_DEFAULTS.chunkSizeBytes,
      maxChunkSize,
      maxChunks,
      // What was asked for must fit; what was not is what fits.
      maxFileSize: Math.min(
        options.maxFileSize ?? Math.min(POLICY_DEFAULTS.maxFileSizeBytes, maxChunkSize * maxChunks),
        store.maxFileSizeBytes,
      ),
    };
    const contradiction = contradictionIn(rules, memoryBudgetBytes, MIN_CHUNKS_IN_BUDGET);
    if (contradiction !== null)
      throw new Error(`The limits of policy "${name}" contradict each other: ${contradiction}.`);
    const noType = options.types && flawInTypes(options.types);
    if (noType) throw new Error(`The types of policy "${name}" can never match: ${noType}`);
    const maxParallelChunks = options.maxParallelChunks ?? POLICY_DEFAULTS.maxParallelChunks;
    if (!Number.isSafeInteger(maxParallelChunks) || maxParallelChunks < 1)
      throw new Error(
        `The limits of policy "${name}" contradict each other: maxParallelChunks must be at least 1.`,
      );
    resolved.set(name, { name, rules, maxParallelChunks, types: options.types ?? null, hooks: options });
  }
  return resolved;
}
