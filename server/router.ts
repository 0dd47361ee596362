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
  InitInput,
  ListInput,
  ListView,
  PolicyInput,
  PolicyView,
  Progress,
  ResumeInput,
  UploadView,
  WatchEvent,
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
import type { UploadErrorShape } from './trpc-errors.js';

/** An error that some other part of the user's app made: its own shape, with no `data.upload`. */
type Foreign<Shape> = Shape extends { data: infer Data }
  ? Omit<Shape, 'data'> & { data: Data & { upload?: undefined } }
  : Shape;

interface Def<Meta, ErrorShape, Input, Output> {
  input: Input;
  output: Output;
  meta: Meta;
  errorShape: UploadErrorShape | Foreign<ErrorShape>;
}

/**
 * The record to put into a router. Named, so that declarations of a user's router stay short and portable.
 * Errors carry `data.upload` where an upload procedure made them.
 */
export type UploadsProcedures<Meta = object, ErrorShape = UploadErrorShape> = {
  policy: TRPCQueryProcedure<Def<Meta, ErrorShape, PolicyInput, PolicyView>>;
  init: TRPCMutationProcedure<Def<Meta, ErrorShape, InitInput, UploadView>>;
  chunk: TRPCMutationProcedure<Def<Meta, ErrorShape, ChunkInput, Progress>>;
  resume: TRPCQueryProcedure<Def<Meta, ErrorShape, ResumeInput, UploadView>>;
  abort: TRPCMutationProcedure<Def<Meta, ErrorShape, AbortInput, UploadView>>;
  list: TRPCQueryProcedure<Def<Meta, ErrorShape, ListInput, ListView>>;
  watch: TRPCSubscriptionProcedure<
    Def<Meta, ErrorShape, WatchInput, AsyncIterable<WatchEvent, void, unknown>>
  >;
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
export function buildProcedures<Meta, ErrorShape>(
  procedure: unknown,
  deps: ProcedureDeps,
): UploadsProcedures<Meta, ErrorShape> {
  // What tRPC's types cannot follow through a builder of unknown context, `UploadsProcedures` states.
  const base = (procedure as { concat(other: unknown): unknown }).concat(
    ownedProcedure(deps),
  ) as BaseProcedure;
  const record = {
    policy: policyProcedure(base, deps),
    init: initProcedure(base, deps),
    chunk: chunkProcedure(base, deps),
    resume: resumeProcedure(base, deps),
    abort: abortProcedure(base, deps),
    list: listProcedure(base, deps),
    watch: watchProcedure(base, deps),
  };
  return record as unknown as UploadsProcedures<Meta, ErrorShape>;
}
