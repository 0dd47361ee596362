import net from 'node:net';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { inject } from 'vitest';
import { files, read } from '../../house/tree.js';
import { request } from '../../support/wire.js';
import { type Running, startIn } from './run.js';
import { packed, type Scratch, scratch } from './scratch.js';
import { type Manager, ownNode, projectOf } from './toolchains.js';

const EXAMPLE = 'examples/nextjs';
/** A build, or a start, that takes longer is ended, and fails with all that it said. */
const BUILD_MS = 300_000;
const SERVE_MS = 300_000;
const PIECE_BYTES = 64 * 1024;

/** A text of the example, by its path there. */
export const exampleFile = (file: string): string => read(`${EXAMPLE}/${file}`);

/** The example as a project of its own, installed from the tarball; `changed` are more files, or others. */
export async function nextApp(manager: Manager, changed: Record<string, string> = {}): Promise<Scratch> {
  const { dependencies, devDependencies } = JSON.parse(exampleFile('package.json')) as {
    dependencies: Record<string, string>;
    devDependencies: Record<string, string>;
  };
  const packages = { ...dependencies, ...devDependencies, chunkwise: `file:${packed()}` };
  const sources = files([EXAMPLE], '.ts', '.tsx', 'tsconfig.json')
    .map((file) => file.slice(EXAMPLE.length + 1))
    .filter((file) => !file.startsWith('.next/') && file !== 'next-env.d.ts');
  const texts = Object.fromEntries(sources.map((file) => [file, exampleFile(file)]));
  if (manager === 'pnpm')
    return projectOf(await ownNode(), 'pnpm', packages, { files: { ...texts, ...changed } });
  return scratch('next', {
    dependencies: packages,
    files: { ...texts, ...changed },
    // As create-next-app leaves it.
    manifest: { type: undefined },
  });
}

/** What the app finds in its environment. */
const environment = (root: string) => ({
  NEXT_TELEMETRY_DISABLED: '1',
  SESSION_SECRET: 'of the tests, and longer than thirty-two characters',
  UPLOADS_ROOT: root,
});

/** A folder for uploads that is not there yet. */
export const newRoot = (name: string): string => path.join(inject('workshop').folder, `uploads-${name}`);

const nextIn = (app: Scratch) => path.join(app.path, 'node_modules/next/dist/bin/next');

export async function build(app: Scratch, bundler: string, root: string): Promise<void> {
  await using running = startIn(app.path, process.execPath, [nextIn(app), 'build', `--${bundler}`], {
    env: environment(root),
  });
  using _ = endAfter(running, BUILD_MS);
  const { code, stdout, stderr } = await running.ended;
  if (code !== 0) throw new Error(`next build ended with ${code}:\n${stdout}\n${stderr}`);
}

export interface NextServer extends AsyncDisposable {
  readonly url: string;
  readonly said: Running['said'];
}

export interface StartOptions {
  readonly root: string;
  readonly port?: number;
  readonly env?: Record<string, string>;
}

/** `next start`, or `next dev --webpack` and the like. Disposing ends it at once, as a crash does. */
export const startNext = (app: Scratch, args: readonly string[], options: StartOptions) =>
  serve(app.path, options, (port) => [nextIn(app), ...args, '-H', '127.0.0.1', '-p', String(port)]);

/** What `output: 'standalone'` made, from the folder where it lies now. */
export const startStandalone = (folder: string, options: StartOptions) =>
  serve(folder, options, () => ['server.js']);

async function serve(
  folder: string,
  { root, port: wanted, env = {} }: StartOptions,
  args: (port: number) => string[],
): Promise<NextServer> {
  const port = wanted ?? (await freePort());
  const running = startIn(folder, process.execPath, args(port), {
    env: { ...environment(root), PORT: String(port), HOSTNAME: '127.0.0.1', ...env },
  });
  const timer = endAfter(running, SERVE_MS);
  const close = async () => {
    timer[Symbol.dispose]();
    await running[Symbol.asyncDispose]();
  };
  try {
    await running.line(/Ready in/);
  } catch (error) {
    await close();
    throw error;
  }
  return { url: `http://127.0.0.1:${port}`, said: running.said, [Symbol.asyncDispose]: close };
}

function endAfter(running: Running, ms: number): Disposable {
  const timer = setTimeout(() => void running[Symbol.asyncDispose](), ms);
  return { [Symbol.dispose]: () => clearTimeout(timer) };
}

/** Next.js takes port 0 for 3000 where it reads it from the environment. */
async function freePort(): Promise<number> {
  const probe = net.createServer();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const { port } = probe.address() as net.AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

/** The header of a session, as the app's sign-in gives it. */
export async function signIn(url: string, user = 'ann', password = 'correct horse') {
  const { status, headers } = await request(`${url}/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ user, password }).toString(),
  });
  const [cookie] = headers['set-cookie']?.[0]?.split(';') ?? [];
  if (status !== 303 || cookie === undefined) throw new Error(`signing in was answered with ${status}`);
  return { cookie };
}

type NodeClient = typeof import('../../../client/node/index.js');

/** `chunkwise/client/node` as that app has it installed. */
export async function clientOf(app: Scratch): Promise<NodeClient> {
  const file = path.join(app.path, 'node_modules/chunkwise/dist/client/node/index.js');
  return (await import(pathToFileURL(file).href)) as NodeClient;
}

/** Calls of the app's procedures, made by hand. */
export function wire(url: string, headers: Record<string, string>) {
  const at = `${url}/api/trpc/uploads`;
  return {
    query: <Data = unknown>(procedure: string, input: unknown) =>
      request(`${at}.${procedure}?input=${encodeURIComponent(JSON.stringify(input))}`, {
        headers,
      }) as Promise<Awaited<ReturnType<typeof request>> & { data: Data }>,
    init: (input: object) =>
      request(`${at}.init`, {
        method: 'POST',
        headers: { ...headers, 'content-type': 'application/json' },
        body: JSON.stringify(input),
      }) as Promise<Awaited<ReturnType<typeof request>> & { data: { uploadId: string } }>,
    chunk: (fields: object, body: Uint8Array) =>
      request(`${at}.chunk`, {
        method: 'POST',
        headers: { ...headers, ...chunkHeaders(fields, body) },
        body,
      }),
  };
}

export const chunkHeaders = (fields: object, body: Uint8Array) => ({
  'content-type': 'application/octet-stream',
  'content-length': body.byteLength,
  'x-chunkwise-chunk': encodeURIComponent(JSON.stringify(fields)),
});

/** A chunk request that has sent its headers and the first `sent` bytes of its body, and waits. */
export function openChunk(
  url: string,
  headers: Record<string, string>,
  fields: object,
  body: Uint8Array,
  sent: number,
) {
  const socket = net.connect(Number(new URL(url).port), '127.0.0.1');
  socket.on('error', () => {});
  let text = '';
  const answered = new Promise<number>((resolve, reject) => {
    socket.setEncoding('utf8').on('data', (piece: string) => {
      text += piece;
      const status = /^HTTP\/1\.1 (\d+)/.exec(text)?.[1];
      if (status !== undefined) resolve(Number(status));
    });
    socket.once('close', () => reject(new Error(`closed without an answer: ${text}`)));
  });
  answered.catch(() => {});
  const lines = Object.entries({ host: new URL(url).host, ...headers, ...chunkHeaders(fields, body) });
  const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  socket.write(`POST /api/trpc/uploads.chunk HTTP/1.1\r\n${head}\r\n`);
  socket.write(body.subarray(0, sent));
  let taken = 0;
  const offer = (end: number) => {
    const piece = body.subarray(sent + taken, Math.min(sent + taken + PIECE_BYTES, end));
    if (piece.length === 0 || socket.destroyed) return;
    socket.write(piece, (error) => {
      if (error) return;
      taken += piece.length;
      offer(end);
    });
  };
  return {
    /** Goes on up to byte `end`, piece by piece, each once the one before it was taken by the system. */
    offer,
    /** Bytes of those that the system has taken. */
    taken: () => taken,
    /** The status of the answer. */
    answered,
    finish: () => socket.write(body.subarray(sent)),
    die: () => socket.resetAndDestroy(),
  };
}
