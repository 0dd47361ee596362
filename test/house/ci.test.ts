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

/** By the step that leaves it; null: it leaves none. */
interface Reports {
  check: Report | null;
  test: Report | null;
  large: Report | null;
  packaging: Report | null;
}
const ALL_GOOD: Reports = { check: GOOD, test: GOOD, large: GOOD, packaging: GOOD };

let checkout: string;

/**
 * Runs `.ci/run` in a repository of its own, where `npm` is a script that notes how it was called.
 * @param behaviour of that script, in shell; `$1` and so on are npm's arguments
 */
async function ci(behaviour = '', reports: Partial<Reports> = {}) {
  const written = path.join(checkout, '..', 'written');
  mkdirSync(written);
  for (const [step, report] of Object.entries({ ...ALL_GOOD, ...reports }))
    if (report !== null) writeFileSync(path.join(written, `${step}.json`), JSON.stringify(report));
  const copy = `[ -e "$from" ] && cp "$from" "\${word#*=}"`;
  const writes = `for word in "$@"; do case $word in --outputFile.json=*) from='${written}'/\${word##*/}; ${copy};; esac; done; true`;
  const npm = `#!/usr/bin/env bash\necho "$*" >> '${checkout}/../calls'\n${behaviour}\n${writes}\n`;
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
  test('installs, checks, tests, runs the demo, and ends with the numbers of all reports', async () => {
    const large = { ...GOOD, numPassedTests: 30 };
    const { code, last, calls } = await ci('', { large, packaging: { ...GOOD, numPassedTests: 400 } });
    expect(last).toBe('434 passed, 0 failed');
    expect(code).toBe(0);
    expect(calls.map((call) => call.split(' --')[0])).toEqual([
      'ci',
      'run check',
      'test',
      'run test:large',
      'run test:packaging',
      'run demo',
    ]);
  });

  test.each(['ci', 'check', 'test --', 'test:large', 'test:packaging', 'demo'])(
    'fails where %s fails, whatever the report says',
    async (step) => {
      const { code, out, last } = await ci(
        `case "$1 $2" in *'${step}'*) failing=1;; esac; trap 'exit \${failing:-0}' EXIT`,
      );
      expect(code).toBe(1);
      expect(out).toMatch(/^failed: \w+$/m);
      expect(last).toBe(step === 'ci' ? '0 passed, 1 failed' : '8 passed, 0 failed');
    },
  );

  test('goes no further than an install that failed', async () => {
    expect((await ci('exit 1')).calls).toEqual(['ci']);
  });

  test.each(['check', 'test', 'large', 'packaging'])(
    'fails where a test of %s failed, though npm said nothing',
    async (step) => {
      const report = {
        ...GOOD,
        numFailedTests: 1,
        success: false,
        testResults: [file('a', 'passed', 'failed')],
      };
      expect(await ci('', { [step]: report })).toMatchObject({ code: 1, last: '8 passed, 1 failed' });
    },
  );

  test('counts a file that did not load', async () => {
    const report = { ...GOOD, success: false, testResults: [file('a', 'passed', 'passed'), file('b')] };
    const { code, out, last } = await ci('', { packaging: report });
    expect([code, last]).toEqual([1, '8 passed, 1 failed']);
    expect(out).toContain('did not run through: b');
  });

  test('fails where a step tested nothing', async () => {
    const nothing = { ...GOOD, numPassedTests: 0, testResults: [] };
    expect(await ci('', { large: nothing })).toMatchObject({ code: 1, last: '6 passed, 0 failed' });
  });

  test('fails where a step left no report, and says which', async () => {
    const { code, out, last } = await ci('', { packaging: null });
    expect([code, last]).toEqual([1, '6 passed, 1 failed']);
    expect(out).toContain('no report: packaging');
  });

  test('prints skipped tests with what they need', async () => {
    const packaging = { ...GOOD, testResults: [file('a', 'passed', 'passed', 'skipped')] };
    const { code, out } = await ci('', { packaging });
    expect(code).toBe(0);
    expect(out).toContain('skipped: a test 2 (needs luck)');
  });

  test('fails where the checkout is not left as it was', async () => {
    const { code, out } = await ci(`[ "$1" = test ] && touch '${checkout}/litter'`);
    expect(code).toBe(1);
    expect(out).toMatch(/litter[\s\S]*failed: untouched/);
  });
});
