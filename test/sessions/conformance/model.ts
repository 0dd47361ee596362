import fc from 'fast-check';
import { expect, test } from 'vitest';
import { chunkAt, missingRanges, type Status } from '../../../contract/index.js';
import type { Claim, Sessions, UploadSession } from '../../../server/sessions/sessions.js';
import { created, existing, type Fixture, hashOf, OWNER, T0 } from '../support.js';

const MISMATCH_LIMIT = 3;

/** All that the receiving part of a session is, in a few lines. */
interface Model {
  status: Status;
  accepted: Map<number, { hash: string; seq: number; bytes: number }>;
  lastSeq: number;
  syncedSeq: number;
  mismatches: number;
  claims: Map<number, string>;
}

interface Real {
  sessions: Sessions;
  session: UploadSession;
  held: Map<number, Claim>;
}

type Command = fc.AsyncCommand<Model, Real>;

function command(text: string, run: (model: Model, real: Real) => Promise<void>): Command {
  return {
    check: () => true,
    async run(model, real) {
      await run(model, real);
      await compare(model, real);
    },
    toString: () => text,
  };
}

async function compare(model: Model, { sessions, session }: Real): Promise<void> {
  const chunks = [...model.accepted].sort(([one], [other]) => one - other);
  const newest = chunks.toSorted(([, one], [, other]) => other.seq - one.seq)[0];
  expect(await existing(sessions, session.id)).toMatchObject({
    status: model.status,
    receivedChunks: chunks.length,
    receivedBytes: chunks.reduce((sum, [, { bytes }]) => sum + bytes, 0),
    lastReceived: newest?.[0] ?? null,
    lastSeq: model.lastSeq,
    syncedSeq: model.syncedSeq,
  });
  const indexes = chunks.map(([index]) => index);
  expect(await sessions.missing(session.id, 2)).toEqual(missingRanges(indexes, session.total, 2));
  expect(await sessions.chunks(session.id, 0, 100)).toMatchObject(
    chunks.map(([index, { hash, seq }]) => ({ index, hash, seq, suspect: false })),
  );
}

/** What the interface says of a claim. */
function verdictOf(model: Model, index: number, hash: string): object {
  if (model.claims.has(index)) return { kind: 'busy' };
  const accepted = model.accepted.get(index)?.hash;
  if (model.status !== 'receiving' && model.status !== 'assembling') return { kind: 'closed' };
  if (accepted !== undefined && accepted !== hash) return { kind: 'conflict', accepted };
  if (model.status === 'assembling') return { kind: 'duplicate' };
  return { kind: 'granted', repair: accepted !== undefined };
}

const claim = (index: number, hash: string) =>
  command(`claim ${index} ${hash.slice(0, 4)}`, async (model, { sessions, session, held }) => {
    const wanted = verdictOf(model, index, hash);
    const outcome = await sessions.claim({ uploadId: session.id, index, hash, now: T0 });
    expect(outcome).toMatchObject(wanted);
    if (outcome.kind !== 'granted') return;
    model.claims.set(index, hash);
    held.set(index, outcome.claim);
  });

const accept = (index: number, synced: boolean) =>
  command(`accept ${index}${synced ? ' synced' : ''}`, async (model, { sessions, session, held }) => {
    const [mine, hash] = [held.get(index), model.claims.get(index)];
    if (!mine || hash === undefined) return;
    held.delete(index);
    model.claims.delete(index);
    const bytes = chunkAt(session, session.size, index).size;
    const outcome = await sessions.accept(mine, { size: bytes, writer: 'w', synced, now: T0 });
    if (model.status === 'assembling')
      return expect(outcome).toMatchObject({ kind: 'accepted', completing: false });
    if (model.status !== 'receiving') return expect(outcome.kind).toBe('closed');
    if (synced && model.syncedSeq === model.lastSeq) model.syncedSeq += 1;
    model.lastSeq += 1;
    model.accepted.set(index, { hash, seq: model.lastSeq, bytes });
    const completing = model.accepted.size === session.total;
    if (completing) model.status = 'assembling';
    expect(outcome).toMatchObject({ kind: 'accepted', completing, session: { status: model.status } });
  });

const release = (index: number) =>
  command(`release ${index}`, async (model, { sessions, held }) => {
    const mine = held.get(index);
    if (mine) await sessions.release(mine);
    held.delete(index);
    model.claims.delete(index);
  });

const sync = (seq: number) =>
  command(`recordSynced ${seq}`, async (model, { sessions, session }) => {
    await sessions.recordSynced(session.id, seq);
    model.syncedSeq = Math.max(model.syncedSeq, Math.min(seq, model.lastSeq));
  });

const dropUnsynced = command('dropUnsynced', async (model, { sessions, session }) => {
  const dropped = await sessions.dropUnsynced(session.id);
  const beyond = [...model.accepted].filter(([, { seq }]) => seq > model.syncedSeq);
  expect(dropped).toBe(model.status === 'receiving' ? beyond.length : 0);
  if (model.status !== 'receiving') return;
  for (const [index] of beyond) model.accepted.delete(index);
  model.syncedSeq = model.lastSeq;
});

const mismatch = command('countMismatch', async (model, { sessions, session }) => {
  const outcome = await sessions.countMismatch(session.id, MISMATCH_LIMIT, T0);
  if (model.status !== 'receiving') return expect(outcome).toBeNull();
  model.mismatches += 1;
  if (model.mismatches > MISMATCH_LIMIT) model.status = 'failed';
  const retriesLeft = Math.max(0, MISMATCH_LIMIT - model.mismatches);
  expect(outcome).toEqual({ retriesLeft, failed: model.status === 'failed' });
});

const abort = command('abort', async (model, { sessions, session }) => {
  const moves = model.status === 'receiving' || model.status === 'assembling';
  expect(await sessions.abort(OWNER, session.id, T0)).toMatchObject({ moved: moves });
  if (moves) model.status = 'aborted';
});

export function model(fixture: () => Fixture) {
  test('receiving behaves as its model, whatever comes in whatever order', async () => {
    const index = fc.nat(4);
    const hash = fc.constantFrom(hashOf('a'), hashOf('a'), hashOf('a'), hashOf('b'));
    const commands = [
      fc.tuple(index, hash).map((args) => claim(...args)),
      fc.tuple(index, hash).map((args) => claim(...args)),
      fc.tuple(index, fc.boolean()).map((args) => accept(...args)),
      fc.tuple(index, fc.boolean()).map((args) => accept(...args)),
      index.map(release),
      fc.nat(8).map(sync),
      fc.constantFrom(dropUnsynced, mismatch),
      fc.constant(abort),
    ];
    await fc.assert(
      fc.asyncProperty(fc.commands(commands, { maxCommands: 40 }), async (chosen) => {
        const { sessions } = fixture();
        const session = await created(sessions, { size: 18 });
        const start: Model = {
          status: 'receiving',
          accepted: new Map(),
          lastSeq: 0,
          syncedSeq: 0,
          mismatches: 0,
          claims: new Map(),
        };
        await fc.asyncModelRun(
          () => ({ model: start, real: { sessions, session, held: new Map() } }),
          chosen,
        );
      }),
      { numRuns: 60 },
    );
  });
}
