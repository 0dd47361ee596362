import { execFile } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { ROOT } from './tree.js';

const run = promisify(execFile);
const base = mkdtempSync(path.join(os.tmpdir(), 'chunkwise-ci-'));
afterAll(() => rmSync(base, { recursive: true, force: true }));

/** A report as vitest's `json` reporter writes it. */
interface Report {
  numPassedTests: number;
  numFailedTests: number;
  success: boolean;
  testResults: { name: string; status: string; assertionResults: { status: string; fullName: string }[] }[];
}
const file = (name: string, ...statuses: string[]) => ({
  name,
  status: statuses.includes('failed') || statuses.length === 0 ? 'failed' : 'passed',
  assertionResults: statuses.map((status, n) => ({ status, fullName: `${name} test ${n} (needs luck)` })),
});
const GOOD: Report = {
  numPassedTests: 2,
  numFailedTests: 0,
  success: true,
  testResults: [file('a', 'passed', 'passed')],
};

let checkout: string;

/**
 * Runs `.ci/run` in a repository of its own, where `npm` is a script that notes how it was called.
 * @param behaviour of that script, in shell; `$1` and so on are npm's arguments
 */
async function ci(behaviour = '', report: Report | null = GOOD) {
  const written = path.join(checkout, '..', 'written.json');
  writeFileSync(written, JSON.stringify(report));
  const writes = `for word in "$@"; do case $word in --outputFile.json=*) cp '${written}' "\${word#*=}";; esac; done`;
  const npm = `#!/usr/bin/env bash\necho "$*" >> '${checkout}/../calls'\n${behaviour}\n${report ? writes : ''}\n`;
  writeFileSync(path.join(checkout, '..', 'bin', 'npm'), npm, { mode: 0o755 });
  const env = { ...process.env, PATH: `${path.join(checkout, '..', 'bin')}:${process.env.PATH}` };
  const { stdout, code } = await run(path.join(checkout, '.ci/run'), { env }).then(
    (done) => ({ ...done, code: 0 }),
    (error: { stdout: string; code: number }) => error,
  );
  const { stdout: calls } = await run('cat', [path.join(checkout, '..', 'calls')]);
  return { code, out: stdout, last: stdout.trimEnd().split('\n').at(-1), calls: calls.trim().split('\n') };
}

beforeEach(async () => {
  checkout = path.join(mkdtempSync(path.join(base, 'one-')), 'checkout');
  mkdirSync(path.join(checkout, '.ci'), { recursive: true });
  mkdirSync(path.join(checkout, '..', 'bin'));
  copyFileSync(path.join(ROOT, '.ci/run'), path.join(checkout, '.ci/run'));
  chmodSync(path.join(checkout, '.ci/run'), 0o755);
  await run('git', ['init', '--quiet', checkout]);
});

test('.ci/run is a program', () => {
  expect(statSync(path.join(ROOT, '.ci/run')).mode & 0o111).toBe(0o111);
});

describe('.ci/run', () => {
  test('installs, checks, tests, also with large files, runs the demo, and ends with the numbers of the report', async () => {
    const { code, last, calls } = await ci();
    expect(last).toBe('2 passed, 0 failed');
    expect(code).toBe(0);
    expect(calls.map((call) => call.split(' --')[0])).toEqual([
      'ci',
      'run check',
      'test',
      'run test:large',
      'run demo',
    ]);
  });

  test.each(['ci', 'check', 'test --', 'test:large', 'demo'])(
    'fails where %s fails, whatever the report says',
    async (step) => {
      const { code, out, last } = await ci(
        `case "$1 $2" in *'${step}'*) failing=1;; esac; trap 'exit \${failing:-0}' EXIT`,
      );
      expect(code).toBe(1);
      expect(out).toMatch(/^failed: \w+$/m);
      expect(last).toBe(step === 'ci' ? '0 passed, 1 failed' : '2 passed, 0 failed');
    },
  );

  test('goes no further than an install that failed', async () => {
    expect((await ci('exit 1')).calls).toEqual(['ci']);
  });

  test('fails where a test failed, though npm said nothing', async () => {
    const report = {
      ...GOOD,
      numFailedTests: 1,
      success: false,
      testResults: [file('a', 'passed', 'failed')],
    };
    expect(await ci('', report)).toMatchObject({ code: 1, last: '2 passed, 1 failed' });
  });

  test('counts a file that did not load', async () => {
    const report = { ...GOOD, success: false, testResults: [file('a', 'passed', 'passed'), file('b')] };
    const { code, out, last } = await ci('', report);
    expect([code, last]).toEqual([1, '2 passed, 1 failed']);
    expect(out).toContain('did not run through: b');
  });

  test('fails where nothing was tested, and where no report was left', async () => {
    const nothing = { ...GOOD, numPassedTests: 0, testResults: [] };
    expect(await ci('', nothing)).toMatchObject({ code: 1, last: '0 passed, 0 failed' });
    expect(await ci('', null)).toMatchObject({ code: 1, last: '0 passed, 1 failed' });
  });

  test('prints skipped tests with what they need', async () => {
    const { code, out } = await ci('', { ...GOOD, testResults: [file('a', 'passed', 'passed', 'skipped')] });
    expect(code).toBe(0);
    expect(out).toContain('skipped: a test 2 (needs luck)');
  });

  test('fails where the checkout is not left as it was', async () => {
    const { code, out } = await ci(`[ "$1" = test ] && touch '${checkout}/litter'`);
    expect(code).toBe(1);
    expect(out).toMatch(/litter[\s\S]*failed: untouched/);
  });
});
