import path from 'node:path';
import { ERRORS, isUploadError, MAX_CHUNKS, POLICY_DEFAULTS, UploadError } from '../contract/index.js';
import { createFastifyHook, createNodeHook, type FastifyHook, type NodeHook } from './adapters/hooks.js';
import { type Core, createCore } from './core.js';
import { type CoreOptions, differing, type Settings, settingsOf } from './core-options.js';
import { createFiles, type Files } from './files.js';
import { instances } from './instances.js';
import { type Policies, type PolicyMapOf, type ResolvedPolicy, resolvePolicies } from './policy.js';
import type { ResolveOwner } from './procedures/base.js';
import { type ContextSource, noRequest, type UploadsContext, uploadRequest } from './request.js';
import {
  buildProcedures,
  type RequireContext,
  type UploadsProcedures,
  type UserProcedure,
} from './router.js';
import { Unusable } from './stores/store-errors.js';
import type { SweepReport } from './upkeep/sweep.js';

declare const inferred: unique symbol;
/**
 * No policies were inferred. Where the context is spelt out as a type argument, TypeScript infers none beside it, and
 * refuses those that are given: annotate `ctx` in `owner` instead.
 */
export type NoPoliciesInferred = { readonly [inferred]?: never };

export interface UploadsOptions<Context, Configured extends Policies = Policies> extends CoreOptions {
  /**
   * Whose uploads a request may see, continue and abort; null answers UNAUTHORIZED. It reads the context that your
   * procedure's middlewares made, and names its type: `owner: (ctx: Context) => ctx.user?.id ?? null`.
   * `'shared'`: all callers are one owner.
   */
  owner: 'shared' | ((ctx: Context) => string | null | Promise<string | null>);
  /**
   * Named sets of rules, each made by `policy()`. An upload that names none has the policy `default`, which takes
   * everything unless you say otherwise; with `default: false` it is refused.
   */
  policies?: Configured;
}

/** Uploads to be mounted in a tRPC app. Does no I/O until first used or `ready()`. */
export interface Uploads<Context, Configured extends Policies = NoPoliciesInferred> extends AsyncDisposable {
  /**
   * The record to put into your router: `t.router({ uploads: uploads.procedures(protectedProcedure) })`.
   * A procedure whose context lacks `context()`, or what `owner` reads, is a compile error.
   */
  procedures<Ctx, Meta, Overrides, ErrorShape>(
    procedure: UserProcedure<Ctx, Meta, Overrides, ErrorShape> & RequireContext<Ctx, Overrides, Context>,
  ): UploadsProcedures<PolicyMapOf<Configured>, Meta, ErrorShape>;
  /** To spread into what createContext returns; takes what the adapter gives createContext, or nothing on the server. */
  context(opts?: ContextSource): UploadsContext;
  /** For the option `middleware` of tRPC's standalone adapter. */
  middleware: NodeHook;
  /** For `app.use()` before tRPC's middleware. Express 4 and 5. */
  express(): NodeHook;
  /** For `app.register()` before tRPC's plugin. Fastify 5. */
  fastify: FastifyHook;
  /** Completed uploads. */
  files: Files;
  /** Opens the database, applies migrations, recovers. The first request does it otherwise. */
  ready(): Promise<void>;
  /** Removes expired sessions and orphaned bytes now; it also happens by itself. */
  sweep(): Promise<SweepReport>;
  /** Lets running chunks end, then closes. */
  close(): Promise<void>;
}

/** Stands for the type of `ctx`: TypeScript cannot find it out. `owner: (ctx: YourContext) => ctx.user?.id ?? null`. */
// biome-ignore lint/suspicious/noEmptyInterface: named for the message of the compiler where `ctx` is not annotated.
export interface AnnotateCtxInOwner {}

/**
 * Uploads under `root`. A second call for the same root in one process shares the running server (hot reload), and
 * the policies that it names replace the earlier ones of those names. The other options stay those of the first call
 * until the process ends; one that differs is told in the log.
 * @throws Error in plain words where options contradict each other, or policies the options of the running server
 */
export function createUploads<Context = AnnotateCtxInOwner, Configured extends Policies = NoPoliciesInferred>(
  options: UploadsOptions<Context, Configured>,
): Uploads<Context, Configured> {
  const root = path.resolve(options.root);
  const running = instances().find(root);
  if (running) tellDifferences(running, options);
  return createUploadsOn(
    options,
    (coreOptions, policies, named) => {
      const create = () => createCore(coreOptions, new Map(policies));
      return instances().join(root, policies, named, create);
    },
    running?.settings,
  );
}

/** Once for each set of them: a hot reload calls again and again. */
function tellDifferences(running: Core, options: CoreOptions): void {
  const names = differing(options, running.settings);
  if (names.length > 0)
    running.warnOnce(
      { root: options.root, options: names },
      `the options ${names.join(', ')} differ from those that the uploads of this root run with, and have no effect until the process is started anew`,
    );
}

/** How a mounted server comes to be. `named` are the policies that the options spell out. */
export type OpenCore = (
  options: CoreOptions,
  policies: Map<string, ResolvedPolicy>,
  named: ReadonlySet<string>,
) => { core: Core; leave(): Promise<void> };

/**
 * `createUploads` on a server that the caller makes: `chunkwise/testing` runs its own.
 * @param running what the server runs with, where it is there already: the policies have to fit that
 */
export function createUploadsOn<Context, Configured extends Policies>(
  options: UploadsOptions<Context, Configured>,
  open: OpenCore,
  running?: Settings,
): Uploads<Context, Configured> {
  const { owner, policies, ...coreOptions } = options;
  const given: Policies = policies ?? {};
  const { memoryBudgetBytes: budget } = running ?? settingsOf(coreOptions);
  // Disks hold what the plan can describe; another store will bring its own limits.
  const limits = { maxFileSizeBytes: POLICY_DEFAULTS.maxFileSizeBytes, maxChunks: MAX_CHUNKS };
  const resolved = resolvePolicies(given, limits, budget);
  const { core, leave } = open(coreOptions, resolved, new Set(Object.keys(given)));
  return mount(core, leave, owner as 'shared' | ResolveOwner);
}

function mount<Context, Configured extends Policies>(
  core: Core,
  leave: () => Promise<void>,
  owner: 'shared' | ResolveOwner,
): Uploads<Context, Configured> {
  const nodeHook = createNodeHook(core);
  return {
    procedures: (procedure) => buildProcedures(procedure, { core, owner }),
    context: (opts) => ({
      chunkwise: opts === undefined ? noRequest : uploadRequest(opts, core.clock, { drainMs: core.drainMs }),
    }),
    middleware: nodeHook,
    express: () => nodeHook,
    fastify: createFastifyHook(core),
    files: createFiles(core),
    ready: () => core.ready().catch(tellOperator),
    sweep: async () => {
      await core.ready();
      return core.sweep();
    },
    close: leave,
    [Symbol.asyncDispose]: leave,
  };
}

/** Clients are told a code and its sentence; who runs the server is told the cause: alone, where it was written for that. */
function tellOperator(error: unknown): never {
  if (
    !isUploadError(error) ||
    !(error.cause instanceof Error) ||
    error.message !== ERRORS[error.code].message
  )
    throw error;
  const [cause = ''] = error.cause.message.split('\n');
  throw new UploadError(error.code, {
    ...error.data,
    message: error.cause instanceof Unusable ? cause : `${error.message} (${cause})`,
    cause: error.cause,
  });
}
