import { afterEach, beforeEach, describe } from 'vitest';
import { assembly } from './conformance/assembly.js';
import { claims } from './conformance/claims.js';
import { creating } from './conformance/creating.js';
import { durability } from './conformance/durability.js';
import { ends } from './conformance/ends.js';
import { finding } from './conformance/finding.js';
import { model } from './conformance/model.js';
import { moves } from './conformance/moves.js';
import { outbox } from './conformance/outbox.js';
import { receiving } from './conformance/receiving.js';
import { EXPIRY, type Fixture, type MakeSessions } from './support.js';

const SUITES = { creating, finding, claims, receiving, durability, assembly, ends, outbox, moves, model };

/** What every implementation of `Sessions` has to do; each test gets data of its own. */
export function describeSessions(name: string, makeSessions: MakeSessions): void {
  describe(name, () => {
    let fixture: Fixture;
    beforeEach(async () => {
      fixture = await makeSessions(EXPIRY);
    });
    afterEach(async () => {
      await fixture[Symbol.asyncDispose]();
    });
    for (const [part, suite] of Object.entries(SUITES)) describe(part, () => suite(() => fixture));
  });
}
