import { describe, expect, it } from 'vitest';
import { createBars } from '../../cli/progress/bars.js';
import type { FileReport } from '../../cli/upload/report.js';
import type { TaskState, UploadTask } from '../../client/index.js';
import { createScreen } from '../support/screen.js';

const MiB = 2 ** 20;

/** A task whose state the test sets. */
function fakeTask(name: string, size: number) {
  const state = {
    ...{ phase: 'waiting', name, size, bytes: 0, fraction: 0, chunks: 0, total: null, hashedBytes: 0 },
    ...{ hashTotalBytes: size, speed: null, etaMs: null, retries: 0, resumed: false, uploadId: null },
    ...{ path: null, error: null },
  } as TaskState;
  const task = {
    state,
    set: (change: Partial<TaskState>) => {
      task.state = { ...task.state, ...change };
    },
  };
  return task as typeof task & UploadTask;
}

function report(file: string, size: number, change: Partial<FileReport> = {}): FileReport {
  const status = 'completed';
  const counts = { resumed: false, sentBytes: size, retries: 0, durationMs: 2000 };
  return { file, path: `files/ID/${file}`, uploadId: 'ID', hash: 'H', size, status, ...counts, ...change };
}

describe('progress on a terminal', () => {
  it('draws a total and a line per file, keeps what has ended above, and gives the terminal back', () => {
    const screen = createScreen(80, 24);
    const bars = createBars({ stdout: screen.stream, stderr: screen.stream }, { files: 2, bytes: 40 * MiB });
    const [one, two] = [fakeTask('one.bin', 30 * MiB), fakeTask('two.bin', 10 * MiB)];
    bars.add('folder/one.bin', 'one.bin', one);
    bars.add('folder/two.bin', 'two.bin', two);
    expect([screen.cursorShown, screen.wraps]).toEqual([false, false]);

    one.set({
      phase: 'uploading',
      bytes: 15 * MiB,
      fraction: 0.5,
      hashedBytes: 30 * MiB,
      speed: 5 * MiB,
      etaMs: 3000,
    });
    two.set({ phase: 'hashing', hashedBytes: 5 * MiB });
    bars.failure('something else went wrong');
    expect(screen.lines()).toEqual([
      'chunkwise: something else went wrong',
      'total      0/2 files      ███▒░░░░  37%   15 MiB/40 MiB      5 MiB/s  0:05 left',
      'uploading  one.bin        ████▒▒▒▒  50%   15 MiB/30 MiB      5 MiB/s  0:03 left',
      'hashing    two.bin        ▒▒▒▒░░░░   0%    5 MiB/10 MiB',
    ]);

    two.set({ phase: 'completed', bytes: 10 * MiB, fraction: 1 });
    one.set({ phase: 'uploading', retries: 2, speed: null, etaMs: null });
    bars.ended('folder/two.bin', report('two.bin', 10 * MiB), two);
    bars.result('files/ID/two.bin');
    expect(screen.lines()).toEqual([
      'chunkwise: something else went wrong',
      '✔ folder/two.bin  10 MiB in 2.0 s',
      'files/ID/two.bin',
      'total      1/2 files      █████░░░  62%   25 MiB/40 MiB',
      expect.stringMatching(/^uploading {2}one\.bin .* 50% waiting for the server…/),
    ]);

    one.set({ phase: 'completed', bytes: 30 * MiB, fraction: 1 });
    bars.ended('folder/one.bin', report('one.bin', 30 * MiB, { resumed: true, sentBytes: 15 * MiB }), one);
    bars.close();
    bars.close();
    bars.result('files/ID/one.bin');
    expect(screen.lines()).toEqual([
      'chunkwise: something else went wrong',
      '✔ folder/two.bin  10 MiB in 2.0 s',
      'files/ID/two.bin',
      '✔ folder/one.bin  30 MiB in 2.0 s, 15 MiB sent',
      'files/ID/one.bin',
    ]);
    expect([screen.cursorShown, screen.wraps]).toEqual([true, true]);
  });

  it('shows a few of many files, each in its own line until it ends, and never more than the terminal holds', () => {
    const screen = createScreen(80, 6);
    const tasks = Array.from({ length: 10 }, (_, i) => fakeTask(`${i}.bin`, MiB));
    const bars = createBars({ stdout: screen.stream, stderr: screen.stream }, { files: 10, bytes: 10 * MiB });
    for (const [i, task] of tasks.entries()) bars.add(`${i}.bin`, `${i}.bin`, task);
    const names = () => screen.lines().map((line) => /\d\.bin/.exec(line)?.[0]);
    bars.result('first');
    expect(names()).toEqual([undefined, undefined, '0.bin', '1.bin', '2.bin']);
    tasks[1]?.set({ phase: 'failed' });
    bars.result('second');
    expect(names()).toEqual([undefined, undefined, undefined, '0.bin', '3.bin', '2.bin']);
    bars.close();
    expect(screen.lines()).toEqual(['first', 'second']);
  });

  it('writes paths to stdout alone where that is no terminal', () => {
    const screen = createScreen(80, 24);
    const file = createScreen(80, 24);
    file.stream.isTTY = false;
    const bars = createBars({ stdout: file.stream, stderr: screen.stream }, { files: 1, bytes: MiB });
    bars.result('files/ID/a');
    bars.close();
    expect([file.lines(), screen.lines()]).toEqual([['files/ID/a'], ['']]);
  });
});
