import { readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Scratch } from './support/scratch.js';
import { versionsOf } from './support/scratch.js';
import { ownNode, projectOf, requiredPackages } from './support/toolchains.js';

/** The oldest that tRPC supports, ours, and the newest. */
const COMPILERS = { typescript5: '~5.7', typescript6: '~6.0', typescript7: '7' };
/** Since these, files of CommonJS may import ES modules, as Node.js lets them. */
const FOR_COMMONJS = ['typescript6', 'typescript7'];

const OPTIONS = {
  target: 'ES2023',
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  declaration: true,
  composite: true,
  rootDir: 'src',
  outDir: 'dist',
};
/** Of a page: it has no types of Node, which the server's declarations name, so it does not check those. */
const PAGE = { types: [], lib: ['ESNext', 'DOM', 'DOM.AsyncIterable'], skipLibCheck: true };
const config = (compilerOptions: object, more: object = {}) =>
  JSON.stringify({ compilerOptions: { ...OPTIONS, ...compilerOptions }, include: ['src'], ...more });
const manifest = (name: string, dependencies: object, more: object = {}) =>
  JSON.stringify({ name: `@app/${name}`, private: true, type: 'module', dependencies, ...more });

/** A server's package, all of whose values are exported: the compiler has to write down each type. */
const API = `
import { initTRPC } from '@trpc/server';
import { createUploads, policy, sniffType, type UploadsContext } from 'chunkwise/server';
import { z } from 'zod';

export interface Context extends UploadsContext { user: { id: string } | null }

export const policies = {
  albums: policy({
    types: ['image/*'],
    input: z.object({ album: z.string(), tags: z.array(z.string()).optional() }),
    beforePublish: sniffType({ types: ['image/*'] }),
    completed: (upload, file) => ({ url: '/albums/' + upload.metadata.album, path: file.path, at: new Date(0) }),
  }),
  avatars: policy({ maxFileSize: 5_000_000 }),
};
export const uploads = createUploads({ root: 'data', owner: (ctx: Context) => ctx.user?.id ?? null, policies });
export const plain = createUploads({ root: 'plain', owner: 'shared' });

export const t = initTRPC.context<Context>().meta<{ title: string }>().create({
  errorFormatter: ({ shape }) => ({ ...shape, data: { ...shape.data, traceId: 'a' } }),
});
export const protectedProcedure = t.procedure.use(({ ctx, next }) =>
  next({ ctx: { user: ctx.user ?? { id: 'nobody' } } }),
);
export const uploadsRouter = t.router(uploads.procedures(protectedProcedure));
export const record = plain.procedures(t.procedure);
export const { init, chunk, watch } = record;
export const appRouter = t.router({
  uploads: uploadsRouter,
  inline: uploads.procedures(protectedProcedure),
  plain: record,
  hello: t.procedure.query(() => 'hello'),
});
export type AppRouter = typeof appRouter;
export const caller = t.createCallerFactory(appRouter);

export const createContext = (opts: Parameters<typeof uploads.context>[0]) => ({
  ...uploads.context(opts),
  user: { id: 'ann' },
});
export const { middleware, fastify, files, context, express, procedures } = uploads;
export const album = async () => (await files.stat('01')) ?? null;
`;

/** A page's package: it sees the declarations of the other alone. */
const WEB = `
import { createTRPCClient, httpBatchLink } from '@trpc/client';
import { createUploader, toUploadError, uploadLink } from 'chunkwise/client';
import type { AppRouter } from '@app/api';

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const proves = <Claim extends true>(..._claim: Claim extends true ? [] : [never]) => {};

export const link = uploadLink<AppRouter>({ url: '/trpc' });
export const trpc = createTRPCClient<AppRouter>({ links: [link, httpBatchLink({ url: '/trpc' })] });
export const uploader = createUploader(trpc.uploads);
export const plain = createUploader(trpc.plain);
export const { add, upload, uploadAll } = uploader;
export const task = (file: Blob) => uploader.add(file, { policy: 'albums', metadata: { album: 'summer' } });
export const inline = (file: Blob) => createUploader(trpc.inline).upload(file, { policy: 'avatars' });
export const all = (files: Blob[]) => uploader.uploadAll(files);
export const views = () => trpc.uploads.list.query({});
export const error = toUploadError;

export async function uses(file: Blob) {
  const { data, path } = await task(file).result;
  proves<Same<typeof path, string>>();
  proves<Same<NonNullable<typeof data>['url'], string>>();
  proves<Same<NonNullable<typeof data>['at'], string>>();
  proves<Same<Awaited<ReturnType<typeof trpc.hello.query>>, string>>();
  // @ts-expect-error no such field
  data?.nothing;
  // @ts-expect-error no such policy
  await uploader.upload(file, { policy: 'album', metadata: { album: 'summer' } });
  // @ts-expect-error metadata of another type
  await uploader.upload(file, { policy: 'albums', metadata: { album: 1 } });
  // @ts-expect-error without its metadata
  await uploader.upload(file, { policy: 'albums' });
  await plain.upload(file, { metadata: { anything: 1 } });
  await trpc.uploads.init.mutate({ name: 'a', size: 1, chunkSize: 1, hash: null, policy: 'avatars' });
  // @ts-expect-error a number of bytes
  await trpc.uploads.init.mutate({ name: 'a', size: '1', chunkSize: 1, hash: null, policy: 'avatars' });
}
`;

const COMMONJS = `
import { createUploads } from 'chunkwise/server';
import { connect } from 'chunkwise/client/node';
export const uploads = createUploads({ root: 'data', owner: 'shared' });
export const connection = connect({ url: 'http://127.0.0.1' });
`;

let project: Scratch;
beforeAll(async () => {
  const { typescript: _, ...packages } = requiredPackages();
  const compilers = Object.entries(COMPILERS).map(([name, range]) => [name, `npm:typescript@${range}`]);
  const node = versionsOf('@types/node');
  // pnpm's strict node_modules: a package reaches by name what it depends on itself, and nothing else.
  project = await projectOf(await ownNode(), 'pnpm', Object.fromEntries(compilers), {
    files: {
      'pnpm-workspace.yaml': 'packages: [api, web, commonjs]',
      'api/package.json': manifest(
        'api',
        { ...packages, ...node },
        { exports: { types: './dist/index.d.ts', default: './dist/index.js' } },
      ),
      'api/tsconfig.json': config({ module: 'NodeNext', types: ['node'], lib: ['ESNext'] }),
      'api/src/index.ts': API,
      'web/package.json': manifest('web', { ...packages, '@app/api': 'workspace:*' }),
      'web/tsconfig.json': config({ ...PAGE, module: 'NodeNext' }, { references: [{ path: '../api' }] }),
      // As bundlers' templates have it. They emit nothing: the client that tRPC infers cannot be written down there.
      'web/tsconfig.bundler.json': JSON.stringify({
        extends: './tsconfig.json',
        compilerOptions: { module: 'ESNext', moduleResolution: 'bundler', composite: false, noEmit: true },
        include: ['src'],
      }),
      'web/src/index.ts': WEB,
      'commonjs/package.json': manifest('commonjs', { ...packages, ...node }, { type: 'commonjs' }),
      // tRPC's client wants the DOM's types.
      'commonjs/tsconfig.json': config({ module: 'NodeNext', types: ['node'], lib: ['ESNext', 'DOM'] }),
      'commonjs/src/index.ts': COMMONJS,
    },
  });
});
afterAll(() => project?.[Symbol.asyncDispose]());

describe.each(Object.keys(COMPILERS))('declarations of an app, written by %s', (compiler) => {
  async function compiled(...args: string[]) {
    const tsc = path.join(project.path, 'node_modules', compiler, 'bin/tsc');
    const { code, stdout } = await project.run('node', [tsc, ...args, '--pretty', 'false']);
    expect([code, stdout]).toEqual([0, '']);
  }
  async function built(name: string) {
    for (const part of ['api', 'web', 'commonjs'])
      for (const made of ['dist', 'tsconfig.tsbuildinfo'])
        await rm(path.join(project.path, part, made), { recursive: true, force: true });
    await compiled('--build', name);
  }
  const declarations = (name: string) => readFile(path.join(project.path, name, 'dist/index.d.ts'), 'utf8');

  test('are complete, portable, and enough for another package to infer from', async () => {
    await built('web');
    const [api, web] = [await declarations('api'), await declarations('web')];
    expect(api).toMatch(/UploadsProcedures</);
    expect(web).toMatch(/uploader: .*Uploader</);
    for (const text of [api, web]) expect(text).not.toMatch(/node_modules|chunkwise\/dist|\.pnpm/);
    await compiled('--project', 'web/tsconfig.bundler.json');
  });

  if (FOR_COMMONJS.includes(compiler))
    test('are written for a program of CommonJS as well', async () => {
      await built('commonjs');
      expect(await declarations('commonjs')).toMatch(/chunkwise\/server/);
    });
});
