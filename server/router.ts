import type {
  TRPCMutationProcedure,
  TRPCProcedureBuilder,
  TRPCQueryProcedure,
  TRPCSubscriptionProcedure,
  TRPCUnsetMarker,
} from '@trpc/server';
import type {
  AbortInput,
  ChunkInput,
  InitInputOf,
  ListInput,
  ListViewOf,
  NoPolicies,
  PolicyInput,
  PolicyMap,
  PolicyView,
  ProgressOf,
  ResumeInput,
  UploadViewOf,
  WatchEventOf,
  WatchInput,
} from '../contract/index.js';
import { type BaseProcedure, ownedProcedure, type ProcedureDeps } from './procedures/base.js';
import { chunkProcedure } from './procedures/chunk.js';
import {
  abortProcedure,
  initProcedure,
  listProcedure,
  policyProcedure,
  resumeProcedure,
} from './procedures/session.js';
import { watchProcedure } from './procedures/watch.js';
import type { UploadsContext } from './request.js';
import { formatUploadError, type UploadErrorShape } from './trpc-errors.js';

/** An error that some other part of the user's app made: its own shape, with no `data.upload`. */
type Foreign<Shape> = Shape extends { data: infer Data }
  ? Omit<Shape, 'data'> & { data: Data & { upload?: undefined } }
  : Shape;

/** What tRPC's types know of a procedure. */
export interface ProcedureDef<Meta, ErrorShape, Input, Output> {
  input: Input;
  output: Output;
  meta: Meta;
  errorShape: UploadErrorShape | Foreign<ErrorShape>;
}

/**
 * The record to put into a router. Named, so that declarations of a user's router stay short and portable.
 * Errors carry `data.upload` where an upload procedure made them.
 */
export type UploadsProcedures<
  Policies extends PolicyMap = NoPolicies,
  Meta = object,
  ErrorShape = UploadErrorShape,
> = {
  policy: TRPCQueryProcedure<ProcedureDef<Meta, ErrorShape, PolicyInputOf<Policies>, PolicyView>>;
  init: TRPCMutationProcedure<ProcedureDef<Meta, ErrorShape, InitInputOf<Policies>, UploadViewOf<Policies>>>;
  chunk: TRPCMutationProcedure<ProcedureDef<Meta, ErrorShape, ChunkInput, ProgressOf<Policies>>>;
  resume: TRPCQueryProcedure<ProcedureDef<Meta, ErrorShape, ResumeInput, UploadViewOf<Policies>>>;
  abort: TRPCMutationProcedure<ProcedureDef<Meta, ErrorShape, AbortInput, UploadViewOf<Policies>>>;
  list: TRPCQueryProcedure<ProcedureDef<Meta, ErrorShape, ListInput, ListViewOf<Policies>>>;
  watch: TRPCSubscriptionProcedure<
    ProcedureDef<Meta, ErrorShape, WatchInput, AsyncIterable<WatchEventOf<Policies>, void, unknown>>
  >;
};

type PolicyInputOf<Policies extends PolicyMap> = Omit<PolicyInput, 'policy'> & {
  policy?: (keyof Policies & string) | undefined;
};

/** A procedure of the user's, without input or output of its own. */
export type UserProcedure<Context, Meta, Overrides, ErrorShape> = TRPCProcedureBuilder<
  Context,
  Meta,
  Overrides,
  TRPCUnsetMarker,
  TRPCUnsetMarker,
  TRPCUnsetMarker,
  TRPCUnsetMarker,
  false,
  ErrorShape
>;

/** What a procedure's resolver finds in `ctx`. */
type ContextOf<Context, Overrides> = Omit<Context, keyof Overrides> & Overrides;

/** `unknown` where the procedure's context has what uploads need; otherwise a type that says what is missing. */
export type RequireContext<Context, Overrides, Needed> =
  ContextOf<Context, Overrides> extends UploadsContext
    ? ContextOf<Context, Overrides> extends Needed
      ? unknown
      : { 'chunkwise: the context lacks what `owner` reads': Needed }
    : { 'chunkwise: spread `...uploads.context(opts)` into what createContext returns': UploadsContext };

/** Builds the procedures on the user's own, so that its middlewares run first, before a body is touched. */
export function buildProcedures<Policies extends PolicyMap, Meta, ErrorShape>(
  procedure: unknown,
  deps: ProcedureDeps,
): UploadsProcedures<Policies, Meta, ErrorShape> {
  // What tRPC's types cannot follow through a builder of unknown context, `UploadsProcedures` states.
  const given = procedure as { errors(format: unknown): { concat(other: unknown): unknown } };
  // The user's procedure formats the errors: bundlers put two copies of tRPC into one process, and each of them knows
  // only the shapes that it made itself.
  const base = given.errors(formatUploadError).concat(ownedProcedure(deps)) as BaseProcedure;
  const record = {
    policy: policyProcedure(base, deps),
    init: initProcedure(base, deps),
    chunk: chunkProcedure(base, deps),
    resume: resumeProcedure(base, deps),
    abort: abortProcedure(base, deps),
    list: listProcedure(base, deps),
    watch: watchProcedure(base, deps),
  };
  return record as unknown as UploadsProcedures<Policies, Meta, ErrorShape>;
}
