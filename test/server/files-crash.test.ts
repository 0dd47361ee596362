import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { KiB, SERVER_DEFAULTS } from '../../contract/index.js';
import { type Core, type CoreParts, createCore } from '../../server/core.js';
import { createFiles } from '../../server/files.js';
import { resolvePolicies } from '../../server/policy.js';
import { memoryBody } from '../../server/receive/body/web.js';
import type { Sessions } from '../../server/sessions/sessions.js';
import { createInPlaceStore } from '../../server/stores/in-place.js';
import type { Store } from '../../server/stores/store.js';
import { openOffline } from '../../server/upkeep/offline.js';
import { manualClock } from '../support/clock.js';
import { StoppedError } from '../support/faulty-store.js';
import { sessionsHere, sharedTasks } from '../support/here.js';
import { temporaryFolder } from '../support/server.js';
import { randomFile } from '../support/wire.js';

const CHUNK = 256 * KiB;
const silent = { info() {}, warn() {}, error() {} };
const never = new AbortController().signal;

const SESSIONS = ['intendMove', 'markMoved', 'markGone', 'hookDone', 'markCleaned'] as const;
const STORE = ['giveAway', 'letGo', 'takeBack', 'remove'] as const;
type Name = (typeof SESSIONS)[number] | (typeof STORE)[number];
type Point = `${'before' | 'after'} ${Name}`;

/** Before and after each of these steps. */
const around = (...names: Name[]): Point[] =>
  names.flatMap((name): Point[] => [`before ${name}`, `after ${name}`]);
const OF_A_MOVE = around('intendMove', 'takeBack', 'giveAway', 'markMoved', 'letGo', 'markCleaned');
const OF_A_HOOK = around('intendMove', 'giveAway', 'markMoved', 'letGo', 'hookDone');

/** From that point on nothing that changes something happens any more, as if the process had died. */
function stopping(point: Point | null) {
  let stopped = false;
  const wrap = <Part extends object>(part: Part, names: readonly (keyof Part & string)[]): Part => {
    const wrapped: Record<string, unknown> = {};
    for (const name of names)
      wrapped[name] = async (...args: unknown[]) => {
        if (point === `before ${name}`) stopped = true;
        if (stopped) throw new StoppedError(name);
        const result = await Reflect.apply(part[name] as () => Promise<unknown>, part, args);
        if (point === `after ${name}`) stopped = true;
        if (stopped) throw new StoppedError(name);
        return result;
      };
    return { ...part, ...wrapped };
  };
  return {
    sessions: (inner: Sessions) => wrap(inner, SESSIONS),
    store: (inner: Store) => wrap(inner, STORE),
    get stopped() {
      return stopped;
    },
  };
}

type Completed = (id: string, file: { absolutePath: string }) => unknown;

/** A server on the root; it stops at the point. `completed` may use `files`. */
async function open(root: string, point: Point | null, completed?: Completed) {
  const stop = stopping(point);
  const tasks = sharedTasks();
  const files = { file: path.join(root, 'chunkwise.db'), lockFile: path.join(root, 'chunkwise.lock') };
  const parts: Partial<CoreParts> = {
    tasks,
    store: stop.store(createInPlaceStore({ root, tasks })),
    sessions: stop.sessions(sessionsHere(files)),
  };
  const hook = completed && {
    completed: ({ uploadId }: { uploadId: string }, file: { absolutePath: string }) =>
      completed(uploadId, file),
  };
  const policies = resolvePolicies(
    { default: { threshold: CHUNK, chunkSize: CHUNK, ...hook } },
    { maxFileSizeBytes: 2 ** 40, maxChunks: 100_000 },
    SERVER_DEFAULTS.memoryBudgetBytes,
  );
  const clock = manualClock();
  const core = createCore({ root, log: silent, clock }, policies, parts);
  await core.ready();
  return { core, clock, files: createFiles(core), stop, [Symbol.asyncDispose]: () => core.close() };
}

async function upload(core: Core, file = randomFile(2 * CHUNK - 5, CHUNK)) {
  const { id } = await core.start('ann', file.input());
  for (const index of [0, 1])
    await core.receive('ann', file.fields(id, index), memoryBody(file.piece(index)), never);
  core.assembler.kick(id);
  await core.assembler.outcome(id, SERVER_DEFAULTS.completionWaitMs);
  return { id, file };
}

/** At any moment one of both names is whole, and none is there in part. */
function expectNothingLost(root: string, id: string, to: string, bytes: Buffer): void {
  const places = [path.join(root, 'files', id, 'file.bin'), to].filter((place) => existsSync(place));
  expect(places.length).toBeGreaterThan(0);
  for (const place of places) expect(readFileSync(place).equals(bytes)).toBe(true);
}

describe('a process that stops', () => {
  const met = new Set<Point>();

  it.each(OF_A_MOVE)('%s: a move goes on in the next one', async (point) => {
    await using folder = await temporaryFolder();
    const root = path.join(folder.path, 'root');
    const [wrong, to] = [path.join(folder.path, 'app/wrong'), path.join(folder.path, 'app/film')];
    let id = '';
    let bytes = Buffer.alloc(0);
    {
      await using first = await open(root, point);
      const begun = await upload(first.core);
      id = begun.id;
      bytes = begun.file.bytes;
      // A change of mind, so that every step is met.
      await first.core.sessions.intendMove(id, null, wrong).catch(() => undefined);
      const outcome = await first.files.move(id, to).catch((error: unknown) => error);
      if (outcome !== undefined) expect(outcome).toBeInstanceOf(StoppedError);
      if (first.stop.stopped) met.add(point);
      expectNothingLost(root, id, to, bytes);
    }
    {
      await using offline = await openOffline({ root, log: silent });
      const findings: unknown[] = [];
      const report = await offline.check({ repair: false, onFinding: (finding) => findings.push(finding) });
      expect([findings, report.gone, report.damagedFiles]).toEqual([[], 0, 0]);
    }
    await using second = await open(root, null);
    for (let time = 0; time < 2; time++) await second.files.move(id, to);
    await second.core.sweep();
    expect(readFileSync(to).equals(bytes)).toBe(true);
    expect(readdirSync(path.dirname(to))).toEqual(['film']);
    expect(readdirSync(path.join(root, 'files'))).toEqual([]);
    expect(await second.core.sessions.get(id)).toMatchObject({ status: 'gone', movedTo: to, staged: false });
    expect((await second.core.start('ann', randomFile(9, CHUNK).input())).status).toBe('receiving');
  });

  it.each(OF_A_HOOK)('%s: a hook that moves is called again, and its data comes', async (point) => {
    await using folder = await temporaryFolder();
    const root = path.join(folder.path, 'root');
    const to = path.join(folder.path, 'app/film');
    let id = '';
    let bytes = Buffer.alloc(0);
    const moving = (files: () => { move(id: string, to: string): Promise<void> }): Completed => {
      return async (uploadId) => {
        await files().move(uploadId, to);
        return { at: 'app/film' };
      };
    };
    {
      const late: { files?: ReturnType<typeof createFiles> } = {};
      await using first = await open(
        root,
        point,
        moving(() => late.files as ReturnType<typeof createFiles>),
      );
      late.files = first.files;
      const begun = await upload(first.core);
      id = begun.id;
      bytes = begun.file.bytes;
      expectNothingLost(root, id, to, bytes);
      if (first.stop.stopped) met.add(point);
    }
    const late: { files?: ReturnType<typeof createFiles> } = {};
    await using second = await open(
      root,
      null,
      moving(() => late.files as ReturnType<typeof createFiles>),
    );
    late.files = second.files;
    for (let tries = 0; ; tries++) {
      const session = await second.core.sessions.get(id);
      if (session?.hookDue === false) break;
      expect(tries).toBeLessThan(2000);
      await second.clock.advance(SERVER_DEFAULTS.hookBackoffMs);
    }
    expect(await second.core.sessions.get(id)).toMatchObject({
      status: 'gone',
      movedTo: to,
      data: { at: 'app/film' },
    });
    await second.core.sweep();
    expect(readFileSync(to).equals(bytes)).toBe(true);
    expect(readdirSync(path.join(root, 'files'))).toEqual([]);
  });

  it('while it moved to one place: the next one moves to another, and leaves nothing there', async () => {
    await using folder = await temporaryFolder();
    const root = path.join(folder.path, 'root');
    const [wrong, to] = [path.join(folder.path, 'app/wrong'), path.join(folder.path, 'app/film')];
    let id = '';
    {
      await using first = await open(root, 'before markMoved');
      id = (await upload(first.core)).id;
      await expect(first.files.move(id, wrong)).rejects.toThrow(StoppedError);
      expect(existsSync(wrong)).toBe(true);
    }
    await using second = await open(root, null);
    await second.files.move(id, to);
    expect(readdirSync(path.dirname(to))).toEqual(['film']);
  });

  it('was met at every point of a move', () => {
    const missed = [...OF_A_MOVE, ...OF_A_HOOK].filter((point) => !met.has(point));
    expect(missed).toEqual([]);
  });

  it.each(['before remove', 'after remove', 'before markGone', 'after takeBack', 'before takeBack'] as const)(
    '%s: a removal ends with all of it gone, a name that a broken-off move made included',
    async (point) => {
      await using folder = await temporaryFolder();
      const root = path.join(folder.path, 'root');
      const to = path.join(folder.path, 'app/film');
      let id = '';
      {
        await using moving = await open(root, 'before markMoved');
        id = (await upload(moving.core)).id;
        await expect(moving.files.move(id, to)).rejects.toThrow(StoppedError);
        expect(existsSync(to)).toBe(true);
      }
      {
        await using removing = await open(root, point);
        await expect(removing.files.remove(id)).rejects.toThrow(StoppedError);
      }
      await using last = await open(root, null);
      await last.files.remove(id);
      await last.core.sweep();
      expect(await last.files.stat(id)).toBeNull();
      expect(readdirSync(path.dirname(to))).toEqual([]);
      expect(readdirSync(path.join(root, 'files'))).toEqual([]);
      await expect(last.files.move(id, to)).rejects.toMatchObject({ code: 'UPLOAD_NOT_FOUND' });
    },
  );
});
