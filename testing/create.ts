import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { TRPCLink } from '@trpc/client';
import type { AnyTRPCRouter } from '@trpc/server';
import { monotonicFactory } from 'ulid';
import type { Uploader, UploaderOptions, UploadsClient } from '../client/index.js';
import type { Policies } from '../server/policy.js';
import { SHARED_OWNER } from '../server/procedures/base.js';
import { createUploadsOn, type NoPoliciesInferred, type UploadsOptions } from '../server/uploads.js';
import { createFaults } from './faults.js';
import { createLink, type TestLinkOptions } from './link.js';
import { checkOptions, type TestUploadsOptions } from './options.js';
import { type OwnersContext, ownersClient, ownersRouter } from './owners.js';
import { createTestServer } from './server.js';
import { createSwitch, type Switch } from './switch.js';
import { createTime } from './time.js';
import type { TestUploads } from './types.js';
import { createTestUploader, uploaderOptions, withSignIn } from './uploaders.js';
import { createWire } from './wire.js';

/**
 * Uploads for a test of your app: the real server with SQLite and files in a temporary folder, without threads,
 * sockets and syncs. Dispose of it: `await using test = await createTestUploads({ policies })`.
 * @throws Error in plain words where options contradict each other
 */
export async function createTestUploads<Context = object, Configured extends Policies = NoPoliciesInferred>(
  options: TestUploadsOptions<Context, Configured> = {},
): Promise<TestUploads<Context, Configured>> {
  checkOptions(options);
  const root = await fs.mkdtemp(path.join(os.tmpdir(), 'chunkwise-test-'));
  try {
    const test = assemble(options, root);
    await test.uploads.ready();
    return test;
  } catch (error) {
    await removeFolder(root);
    throw error;
  }
}

function removeFolder(root: string): Promise<void> {
  return fs.rm(root, { recursive: true, force: true, maxRetries: 3 });
}

function assemble<Context, Configured extends Policies>(
  { clock: mode = 'auto', startAt, owner = SHARED_OWNER, ...given }: TestUploadsOptions<Context, Configured>,
  root: string,
): TestUploads<Context, Configured> {
  const time = createTime({ auto: mode === 'auto', ...(startAt && { startMs: startAt.getTime() }) });
  const { clock } = time;
  const faults = createFaults();
  const wire = createWire(faults, time.requests);
  const nextId = monotonicFactory();
  const shared = { newId: () => nextId(clock.now()), ...given, root, clock };

  let servers: Switch | undefined;
  const mount = <Ctx>(whose: UploadsOptions<Ctx>['owner']) =>
    createUploadsOn<Ctx, Configured>({ ...shared, owner: whose }, (options, policies) => {
      const create = () => createTestServer({ options, policies, ...time });
      servers ??= createSwitch(create, { wire, faults, until: time.until });
      return { core: servers.core, leave: servers.stop };
    });
  const uploads = mount<Context>(owner);
  const router = ownersRouter(mount<OwnersContext>((ctx) => ctx.owner));

  const linkTo = <Router extends AnyTRPCRouter>(target: Router, options: TestLinkOptions<Router>) =>
    createLink(target, options, { wire, clock: time.clientClock });
  const linkOf = (name: string = SHARED_OWNER) =>
    linkTo(router, {
      createContext: (opts) => ({ ...uploads.context(opts), owner: name }),
    } as TestLinkOptions<typeof router>);
  const options = uploaderOptions(time.clientClock, time.reading);
  const uploaders: Uploader[] = [];
  const client = (name?: string) => ownersClient<Configured>(linkOf(name));
  let closing: Promise<void> | undefined;

  async function close(): Promise<void> {
    time.stop();
    await Promise.all(uploaders.map((uploader) => uploader.close()));
    servers?.kill();
    await removeFolder(root);
  }

  const test = {
    ...{ uploads, root, files: uploads.files, clock, faults, uploaderOptions: options, client },
    uploader(whose?: string | UploadsClient, more: UploaderOptions = {}): Uploader {
      const target = isName(whose) ? client(whose) : whose;
      const all = withSignIn({ ...options, ...more }, clock, time.hooks);
      const uploader = createTestUploader<UploadsClient>(target, all, time.reading);
      uploaders.push(uploader);
      return uploader;
    },
    link(target?: string | AnyTRPCRouter, more?: TestLinkOptions<AnyTRPCRouter>): TRPCLink<AnyTRPCRouter> {
      if (isName(target)) return linkOf(target);
      if (more === undefined) throw new Error('test.link(router, { createContext }): it needs both.');
      return linkTo(target, more);
    },
    idle: time.rest,
    restart: () => servers?.replace('restart'),
    crash: () => servers?.replace('crash'),
    close: () => (closing ??= close()),
    [Symbol.asyncDispose]: () => (closing ??= close()),
  };
  // What the names of policies select, the interface states.
  return test as unknown as TestUploads<Context, Configured>;
}

/** Not by what else it may be: tRPC's clients and routers are functions or objects, as it likes. */
function isName(value: unknown): value is string | undefined {
  return value === undefined || typeof value === 'string';
}
