import { describe, expect, test } from 'vitest';
import {
  canMove,
  FINAL_STATUSES,
  isFinal,
  MATCHING_STATUSES,
  MOVES,
  STATUSES,
  type Status,
} from '../../contract/index.js';

type Moves = Readonly<Record<string, readonly string[]>>;

/** All that can be reached from a status in one move or more. */
function reachable(moves: Moves, from: string): Set<string> {
  const seen = new Set<string>();
  const queue = [...(moves[from] ?? [])];
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    if (seen.has(next)) continue;
    seen.add(next);
    queue.push(...(moves[next] ?? []));
  }
  return seen;
}

/** Statuses that are not final and from which no final one can be reached. */
function deadEnds(moves: Moves, final: readonly string[]): string[] {
  return Object.keys(moves).filter(
    (status) => !final.includes(status) && ![...reachable(moves, status)].some((to) => final.includes(to)),
  );
}

/** The largest set of statuses out of which no move leads, and in which nothing goes round in a circle. */
function settled(moves: Moves): string[] {
  return Object.keys(moves).filter((status) => {
    const onward = [...reachable(moves, status)];
    return !onward.includes(status) && onward.every((to) => !reachable(moves, to).has(to));
  });
}

describe('the table of moves', () => {
  test('has no dead end but final states', () => {
    expect(deadEnds(MOVES, FINAL_STATUSES)).toEqual([]);
  });

  test('final are exactly the states that lead nowhere, or to final states only', () => {
    expect([...FINAL_STATUSES].sort()).toEqual(settled(MOVES).sort());
    for (const status of FINAL_STATUSES) expect(MOVES[status].every((to) => isFinal(to))).toBe(true);
  });

  test('isFinal agrees with the list', () => {
    for (const status of STATUSES)
      expect(isFinal(status)).toBe((FINAL_STATUSES as readonly string[]).includes(status));
  });

  test('names only states that it has, each once', () => {
    for (const targets of Object.values<readonly Status[]>(MOVES)) {
      expect(targets.filter((to) => !STATUSES.includes(to))).toEqual([]);
      expect(new Set(targets).size).toBe(targets.length);
    }
    expect([...STATUSES].sort()).toEqual(Object.keys(MOVES).sort());
  });

  test('every state can be reached from the first', () => {
    expect([...reachable(MOVES, 'receiving')].sort()).toEqual([...STATUSES].sort());
  });

  test('canMove is the table', () => {
    for (const from of STATUSES)
      for (const to of STATUSES)
        expect(canMove(from, to), `${from} → ${to}`).toBe((MOVES[from] as readonly Status[]).includes(to));
  });

  test('completed is left only because the file is gone; an ended upload never receives again', () => {
    expect(MOVES.completed).toEqual(['gone']);
    for (const status of FINAL_STATUSES) expect(reachable(MOVES, status).has('receiving')).toBe(false);
  });

  test('an init joins what holds or can still receive the bytes: nothing that failed, was aborted, expired or is gone', () => {
    const joinable = STATUSES.filter((status) => status === 'completed' || !isFinal(status));
    expect([...MATCHING_STATUSES].sort()).toEqual(joinable.sort());
  });
});

describe('the checks themselves', () => {
  test('see a dead end', () => {
    expect(deadEnds({ a: ['b', 'c'], b: ['b'], c: [] }, ['c'])).toEqual(['b']);
  });

  test('see a state that only looks final', () => {
    expect(settled({ a: ['b'], b: ['a', 'c'], c: ['d'], d: [] })).toEqual(['c', 'd']);
  });
});
