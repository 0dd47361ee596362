import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { appOf, pathInApp } from '../docs/support/apps.js';
import { compile } from '../docs/support/compile.js';
import { blocksOf, page } from '../docs/support/markdown.js';
import { files } from './tree.js';

const PAGES = ['README.md', ...files(['docs'], '.md')];
const COMPILE_MS = 180_000;

/** What a page's pieces take for granted: what its text has introduced. */
const GIVEN: Record<string, string> = {
  'docs/adapters.md': `
    import { initTRPC } from '@trpc/server';
    import { type ContextSource, createUploads, type UploadsContext } from 'chunkwise/server';
    const uploads = createUploads({ root: 'data', owner: 'shared' });
    const t = initTRPC.context<UploadsContext>().create();
    const router = t.router({ uploads: uploads.procedures(t.procedure) });
    export type { ContextSource };`,
  'docs/browser.md': `
    import type { TRPCClient } from '@trpc/client';
    import type { Uploader } from 'chunkwise/client';
    import type { AppRouter } from './standalone/server.js';
    type Client = TRPCClient<AppRouter>;
    declare global {
      var trpc: Client;
      var uploader: Uploader<Client['uploads']>;
    }
    export type { AppRouter };`,
  'docs/coming-from.md': `
    import { createTRPCClient } from '@trpc/client';
    import { initTRPC } from '@trpc/server';
    import { createUploader } from 'chunkwise/client';
    import { createUploads, policy, type UploadsContext } from 'chunkwise/server';
    import { z } from 'zod';
    declare function mayUpload(owner: string): Promise<boolean>;
    declare function recordVideo(uploadId: string, owner: string, title: string): Promise<number>;
    declare function showProgress(name: string, fraction: number): void;
    declare function showVideo(id: number | undefined): void;
    declare function showError(name: string, message: string): void;
    declare const files: File[];
    const given = policy({ input: z.object({ title: z.string() }), completed: () => ({ id: 1 }) });
    const uploads = createUploads({ root: 'data', owner: 'shared', policies: { videos: given } });
    const t = initTRPC.context<UploadsContext>().create();
    const router = t.router({ uploads: uploads.procedures(t.procedure) });
    const uploader = createUploader(createTRPCClient<typeof router>({ links: [] }).uploads);
    export { files, mayUpload, recordVideo, showError, showProgress, showVideo, uploader };`,
  'docs/cookbook.md': `
    import type { IncomingMessage, ServerResponse } from 'node:http';
    import { createUploader } from 'chunkwise/client';
    import { createUploads, policy, sniffType } from 'chunkwise/server';
    import type { FastifyInstance, FastifyRequest } from 'fastify';
    import { uploads } from './cookbook/media.js';
    import { scanWith } from './cookbook/scanner.js';
    import { connect } from './cookbook/unfinished.js';
    const uploader = createUploader(connect('http://localhost:3000').uploads);
    declare const file: File;
    declare const app: FastifyInstance;
    declare function ownerOf(request: FastifyRequest): string | null;
    declare function signedInUser(request: Request): Promise<string | null>;
    export { app, createUploads, file, ownerOf, policy, scanWith, signedInUser, sniffType, uploader, uploads };
    export type { IncomingMessage, ServerResponse };`,
  'docs/getting-started.md': `
    import type http from 'node:http';
    import { userOf } from './getting-started/src/server/auth.js';
    import { appRouter } from './getting-started/src/server/router.js';
    import { uploads } from './getting-started/src/server/uploads.js';
    declare const server: http.Server;
    export { appRouter, server, uploads, userOf };`,
  'docs/hooks.md': `
    import { type HookUpload, policy, sniffType } from 'chunkwise/server';
    declare function firstBytes(file: string): Promise<string>;
    export { type HookUpload, policy, sniffType };`,
  'docs/testing.md': `
    declare function it(name: string, run: () => Promise<void>): void;
    declare const test: import('chunkwise/testing').TestUploads<
      object,
      import('chunkwise/server').NoPoliciesInferred
    >;`,
  'docs/errors.md': `
    import type { Uploader } from 'chunkwise/client';
    import type { AppRouter } from './standalone/server.js';
    declare const url: string;
    declare const session: { token: string; refresh(): Promise<boolean> };
    declare const uploader: Uploader;
    declare const file: Blob;
    declare function showQuotaPage(): void;
    declare function showMessage(message: string): void;
    export type { AppRouter };`,
};

const blocks = PAGES.flatMap((file) =>
  blocksOf(page(file))
    .filter(({ language }) => language === 'ts')
    .map((block) => ({ ...block, file })),
);
const whole = blocks.filter(({ note }) => note !== null && pathInApp(note) === null);
const apps = Object.fromEntries(
  PAGES.flatMap((file) =>
    Object.entries(appOf(file)).map(([name, text]) => [`${path.basename(file, '.md')}/${name}`, text]),
  ),
);
const pieces = blocks.filter(({ note }) => note === null);

describe('TypeScript in documents', () => {
  test('is there', () => {
    expect(whole.map(({ note }) => note)).toEqual(
      expect.arrayContaining(['examples/readme/server.ts', 'examples/readme/client.ts']),
    );
    expect(pieces.length).toBeGreaterThan(4);
    expect(Object.keys(apps)).toContain('getting-started/src/server/main.ts');
  });

  test.each(whole)('the block at line $line of $file is $note', ({ text, note }) => {
    expect(text).toBe(page(note ?? ''));
  });

  test(
    'compiles',
    () => {
      const texts = pieces.map(({ file, text }) => `${GIVEN[file] ?? ''}\n${text}\nexport {};\n`);
      // But for apps of their own, with packages and settings of their own.
      const examples = files(['examples'], '.ts').filter(
        (file) => !/^examples\/(nextjs|react-vite)\//.test(file),
      );
      expect(compile(texts, examples, apps)).toEqual([]);
    },
    COMPILE_MS,
  );

  test(
    'would not compile with a mistake',
    () => {
      const [problem, ...others] = compile([
        `import { createUploads } from 'chunkwise/server';\ncreateUploads({ root: 5, owner: 'shared' });\n`,
      ]);
      expect(problem).toContain("Type 'number' is not assignable to type 'string'");
      expect(others).toEqual([]);
    },
    COMPILE_MS,
  );
});
