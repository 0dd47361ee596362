import path from 'node:path';
import { PassThrough } from 'node:stream';
import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { addUpload } from '../../cli/commands/upload.js';
import { createOutput } from '../../cli/output.js';
import { findFiles } from '../../cli/upload/find.js';
import { filesUnder } from '../../client/node/index.js';
import { workspace } from './support.js';

describe('listing a folder', () => {
  it('ends between two entries when it is stopped', async () => {
    await using work = await workspace();
    for (const name of ['in/a', 'in/b/c', 'in/d']) await work.file(name, 1);
    const stop = new AbortController();
    const listing = filesUnder(path.join(work.path, 'in'), undefined, stop.signal);
    expect((await listing.next()).value).toMatchObject({ relativePath: 'in/a' });
    const reason = new Error('stopped');
    stop.abort(reason);
    await expect(listing.next()).rejects.toBe(reason);
    await expect(findFiles([work.path], stop.signal)).rejects.toBe(reason);
  });

  it('is broken off by the first Ctrl-C, before anything is uploaded', async () => {
    await using work = await workspace();
    for (const name of ['in/a', 'in/b']) await work.file(name, 1);
    // As soon as the command listens to signals, and before any file system has answered.
    const interrupt = (event: string | symbol) => {
      if (event === 'SIGINT') queueMicrotask(() => process.emit('SIGINT', 'SIGINT'));
    };
    process.on('newListener', interrupt);
    const stream = () => new PassThrough() as unknown as NodeJS.WriteStream;
    const [stdout, stderr] = [stream(), stream()];
    const program = new Command();
    addUpload(program, { output: createOutput(stdout, stderr), stdout, stderr, env: {} }, () => {});
    const args = ['upload', path.join(work.path, 'in'), '--to', 'http://127.0.0.1:1', '--retries', '0'];
    const outcome = await program.parseAsync(args, { from: 'user' }).catch((error) => error);
    process.off('newListener', interrupt);
    expect(outcome).toMatchObject({ message: 'Stopped, before anything was uploaded.', exitCode: 130 });
    expect(process.listenerCount('SIGINT')).toBe(0);
  });
});
