import path from 'node:path';
import { MAX_CHUNKS, POLICY_DEFAULTS, SERVER_DEFAULTS } from '../contract/index.js';
import { createFastifyHook, createNodeHook, type FastifyHook, type NodeHook } from './adapters/hooks.js';
import { type Core, createCore } from './core.js';
import type { CoreOptions } from './core-options.js';
import { createFiles, type Files } from './files.js';
import { instances } from './instances.js';
import { type Policies, resolvePolicies } from './policy.js';
import type { ResolveOwner } from './procedures/base.js';
import { type ContextSource, noRequest, type UploadsContext, uploadRequest } from './request.js';
import {
  buildProcedures,
  type RequireContext,
  type UploadsProcedures,
  type UserProcedure,
} from './router.js';
import type { SweepReport } from './upkeep/sweep.js';

export interface UploadsOptions<Context> extends CoreOptions {
  /**
   * Whose uploads a request may see, continue and abort; null answers UNAUTHORIZED. It reads the context that your
   * procedure's middlewares made. `'shared'`: all callers are one owner.
   */
  owner: 'shared' | ((ctx: Context) => string | null | Promise<string | null>);
  /** Named sets of rules; `default` exists in any case. */
  policies?: Policies;
}

/** Uploads to be mounted in a tRPC app. Does no I/O until first used or `ready()`. */
export interface Uploads<Context> extends AsyncDisposable {
  /**
   * The record to put into your router: `t.router({ uploads: uploads.procedures(protectedProcedure) })`.
   * A procedure whose context lacks `context()`, or what `owner` reads, is a compile error.
   */
  procedures<Ctx, Meta, Overrides, ErrorShape>(
    procedure: UserProcedure<Ctx, Meta, Overrides, ErrorShape> & RequireContext<Ctx, Overrides, Context>,
  ): UploadsProcedures<Meta, ErrorShape>;
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

/**
 * Uploads under `root`. A second call for the same root in one process shares the running server (hot reload), and
 * the policies that it names replace the earlier ones of those names.
 * @throws Error in plain words where options contradict each other
 */
export function createUploads<Context = object>(options: UploadsOptions<Context>): Uploads<Context> {
  const { owner, policies: given = {}, ...coreOptions } = options;
  const budget = options.memoryBudgetBytes ?? SERVER_DEFAULTS.memoryBudgetBytes;
  // Disks hold what the plan can describe; another store will bring its own limits.
  const limits = { maxFileSizeBytes: POLICY_DEFAULTS.maxFileSizeBytes, maxChunks: MAX_CHUNKS };
  const policies = resolvePolicies(given, limits, budget);
  const root = path.resolve(options.root);
  const create = () => createCore(coreOptions, new Map(policies));
  const { core, leave } = instances().join(root, policies, new Set(Object.keys(given)), create);
  return mount(core, leave, owner as 'shared' | ResolveOwner);
}

function mount<Context>(
  core: Core,
  leave: () => Promise<void>,
  owner: 'shared' | ResolveOwner,
): Uploads<Context> {
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
    ready: () => core.ready(),
    sweep: async () => {
      await core.ready();
      return core.sweep();
    },
    close: leave,
    [Symbol.asyncDispose]: leave,
  };
}
