import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { connect, fileSource } from '../../client/node/index.js';
import {
  CLI_DEFAULTS,
  chunkAt,
  formatSize,
  POLICY_DEFAULTS,
  planFor,
  type UploadView,
} from '../../contract/index.js';
import { CliError } from '../failure.js';
import type { FileReport } from '../upload/report.js';
import { type Child, startChild } from './children.js';
import { compareFiles, writeRandomFile } from './files.js';
import { startRelay } from './relay.js';

export interface Demo {
  /** The file to upload; null: one of random bytes. */
  readonly file: string | null;
  say(line: string): void;
  /** Stops it; everything is cleaned up before it rejects. */
  readonly signal: AbortSignal;
}

/**
 * Uploads a file to a real server, kills the client half-way, and lets a second run go on.
 * @throws CliError where anything is not as it should be
 */
export async function runDemo({ file: given, say, signal }: Demo): Promise<void> {
  const folder = await fs.mkdtemp(path.join(os.tmpdir(), 'chunkwise-demo-'));
  const children: Child[] = [];
  const start = (...args: string[]) => {
    signal.throwIfAborted();
    say(`$ chunkwise ${args.join(' ')}`);
    const child = startChild(args);
    children.push(child);
    return child;
  };
  const onAbort = () => {
    for (const child of children) child.kill('SIGKILL');
  };
  signal.addEventListener('abort', onAbort);
  try {
    const file = given ?? path.join(folder, 'random.bin');
    if (given === null) await writeRandomFile(file, CLI_DEFAULTS.demoFileBytes);
    const { size } = await fileSource(file);
    const root = path.join(folder, 'root');

    const server = start('serve', '--root', root, '--port', '0');
    const listening = await server.line();
    const url = listening?.split(' ').at(-1);
    check(url !== undefined, 'The server did not start.');
    say(`${listening}\n`);

    const before = await breakOff(file, size, new URL(url), { start, say });
    const second = start('upload', file, '--to', url, '--json');
    const report = await reportOf(second);
    say(`${report.path}\n`);
    checkSecond(report, before, say);

    const stored = path.join(root, report.path ?? '');
    const compared = await compareFiles(file, stored);
    check(compared === size, `The stored file ${stored} differs from ${file}.`);
    say(`Every byte matches: ${stored} equals ${file} (${size} bytes).`);

    server.kill('SIGTERM');
    check((await server.exited) === 0, 'The server did not end as it should.');
  } finally {
    signal.removeEventListener('abort', onAbort);
    for (const child of children) child.kill('SIGKILL');
    await Promise.allSettled(children.map((child) => child.exited));
    await fs.rm(folder, { recursive: true, force: true, maxRetries: 3 });
    signal.throwIfAborted();
  }
}

interface Stage {
  start(...args: string[]): Child;
  say(line: string): void;
}

/** The first run. @returns the session that it left */
async function breakOff(file: string, size: number, url: URL, { start, say }: Stage): Promise<UploadView> {
  if (size <= POLICY_DEFAULTS.thresholdBytes) {
    const first = await reportOf(start('upload', file, '--to', url.origin, '--json'));
    say(
      `${first.path}\n\n${formatSize(size)} go as one chunk: nothing to break off. The same command again:\n`,
    );
    return await newest(url);
  }
  // The line stops at half of the bytes, whatever this machine's speed; one chunk at a time, so that none is half there.
  await using relay = await startRelay(Number(url.port), size / 2);
  const line = `http://127.0.0.1:${relay.port}`;
  say('Over a line that will stop half-way:\n');
  const client = start('upload', file, '--to', line, '--concurrency', '1');
  const ended = client.exited.then((code) => `The first run ended by itself, with exit code ${code}.`);
  const early = await Promise.race([relay.held.then(() => null), ended]);
  check(early === null, early ?? '');
  client.kill('SIGKILL');
  await client.exited;
  // What it drew last stays; a process that is killed cannot give the cursor back.
  if (process.stderr.isTTY) process.stderr.write('\n\x1b[?25h\x1b[?7h');
  const left = await newest(url);
  say(
    `\nThe client was killed half-way. The server holds ${left.receivedChunks} of ${left.total} chunks (${formatSize(left.receivedBytes)}). The same command again, straight to the server:\n`,
  );
  return left;
}

async function newest(url: URL): Promise<UploadView> {
  await using connection = connect({ url });
  const { items } = await connection.uploads.list.query({ limit: 1 });
  const [view] = items;
  if (view === undefined) throw new CliError('The server knows of no upload.');
  return view;
}

async function reportOf(client: Child): Promise<FileReport> {
  const line = await client.line();
  const code = await client.exited;
  if (line === null || code !== 0) throw new CliError(`The upload ended with exit code ${code}.`);
  return JSON.parse(line) as FileReport;
}

/** The second run sends what is missing, and the chunk that was received last, nothing else. */
function checkSecond(report: FileReport, before: UploadView, say: (line: string) => void): void {
  const { size, lastReceived } = before;
  const done = before.status === 'completed';
  const again = done || lastReceived === null ? 0 : chunkAt(planFor(size), size, lastReceived).size;
  const missing = size - before.receivedBytes;
  check(report.resumed, 'The second run did not resume.');
  check(report.sentBytes === missing + again, `The second run sent ${report.sentBytes} bytes again.`);
  say(
    done
      ? 'The second run sent 0 bytes: the file was there already.'
      : `The second run sent ${formatSize(missing + again)} of ${formatSize(size)} (${missing + again} bytes): the ${before.total - before.receivedChunks} missing chunks, and the last received one, in case the crash had damaged it.`,
  );
}

function check(holds: boolean, otherwise: string): asserts holds {
  if (!holds) throw new CliError(otherwise);
}
