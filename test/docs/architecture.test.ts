import { existsSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  KiB,
  MAX_CALLS_PER_COMMIT,
  MAX_CHUNKS,
  MIN_CHUNKS_IN_BUDGET,
  MiB,
  SERVER_DEFAULTS,
  WORKER_DEFAULTS,
} from '../../contract/index.js';
import { ROOT, sources } from '../house/tree.js';
import { codesIn, page, section, tableUnder } from './support/markdown.js';

const PAGE = page('docs/architecture.md');
const server = SERVER_DEFAULTS;
const seconds = (ms: number) => `${ms / 1000} seconds`;
const days = (ms: number) => `${ms / (24 * 3_600_000)} days`;

describe('the map', () => {
  const named = tableUnder(PAGE, 'The map').flatMap(([names = '']) => codesIn(names));

  test('names what is there', () => {
    for (const name of named) expect(existsSync(path.join(ROOT, 'server', name)), name).toBe(true);
  });

  test('leaves no folder of the server out', () => {
    const folders = sources(['server']).map((file) => file.split('/').slice(1, -1)[0]);
    for (const folder of new Set(folders)) if (folder !== undefined) expect(named).toContain(`${folder}/`);
  });
});

test('all invariants are there, each with who keeps it and where it is tested', () => {
  const rows = tableUnder(PAGE, 'What always holds');
  expect(rows.map(([name]) => name)).toEqual(['I1', 'I2', 'I3', 'I4', 'I5', 'I6', 'I7', 'I8', 'I9']);
  for (const [name, what = '', kept = '', tested = ''] of rows) {
    expect(what, name).toMatch(/\.$/);
    expect(kept, name).not.toBe('');
    for (const file of codesIn(tested)) expect(existsSync(path.join(ROOT, file)), file).toBe(true);
    expect(codesIn(tested).length, name).toBeGreaterThan(0);
  }
});

describe('numbers are those of contract/limits.ts', () => {
  test.each<[string, string]>([
    ["A chunk's way", `${server.minBodyRateBytesPerSecond / KiB} KiB a second`],
    ["A chunk's way", `over ${seconds(server.bodyRateWindowMs)}`],
    ['Assembly', `A lease lasts ${seconds(server.assemblyLeaseMs)}`],
    ['Assembly', `after ${server.assemblyBackoffMs / 1000} second, doubling`],
    ['Assembly', `to ${server.maxAssemblyBackoffMs / 60_000} minutes`],
    ['Assembly', `${server.maxAssemblyAttempts} times`],
    ['Assembly', `waits ${seconds(server.completionWaitMs)} for the outcome`],
    ['Durability', `every ${seconds(server.stagingSyncIntervalMs)} where`],
    ['Sessions', `${MAX_CALLS_PER_COMMIT} at most`],
    ['The pool', `from ${WORKER_DEFAULTS.minThreads} to ${WORKER_DEFAULTS.maxThreads};`],
    ['The pool', `${WORKER_DEFAULTS.batchBytes / MiB} MiB at most`],
    ['Memory', `(${server.memoryBudgetBytes / MiB} MiB)`],
    ['Memory', `After ${seconds(server.budgetWaitMs)} the answer`],
    ['The pool', `gives each ${seconds(WORKER_DEFAULTS.startMs)}`],
    ['Memory', `(${WORKER_DEFAULTS.readPieceBytes / MiB} MiB to read in)`],
    ['Threads and copies', `below ${server.smallPieceBytes / KiB} KiB`],
    ['Clean-up', `${server.idleExpiryMs / 3_600_000} hours without`],
    ['Clean-up', `${days(server.maxLifetimeMs)} in all`],
    ['Clean-up', `ended ${days(server.endedRetentionMs)} ago`],
    ['What is weak, or missing', `up to ${MAX_CHUNKS.toLocaleString('en')} of them`],
    ['What is weak, or missing', `waits ${seconds(server.shutdownMs)} for chunks`],
  ])('%s: %j', (heading, words) => {
    expect(section(PAGE, heading).replace(/\s+/g, ' ')).toContain(words);
  });

  test('and those that are words', () => {
    expect(section(PAGE, 'Assembly')).toContain('At most four assemblies');
    expect(section(PAGE, 'What is weak, or missing')).toContain('four assemblies at a time');
    expect(server.parallelAssemblies).toBe(4);
    expect(section(PAGE, 'Memory')).toContain('a quarter of the budget');
    expect(MIN_CHUNKS_IN_BUDGET).toBe(4);
    expect(section(PAGE, 'Clean-up')).toContain('runs every minute');
    expect(server.sweepIntervalMs).toBe(60_000);
  });
});
