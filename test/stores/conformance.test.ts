import { DISK_KINDS } from '../support/disk-kinds.js';
import { createFaultyStore, createRetryingStore, type Fault, seededFaults } from '../support/faulty-store.js';
import { describeStore } from './conformance.js';

const LOST_CALLS: Fault[] = [
  { kind: 'before', code: 'STORE_UNAVAILABLE' },
  { kind: 'before', code: 'STORAGE_FULL' },
];
/** The work was done, and its answer got lost. */
const LOST_ANSWERS: Fault[] = [{ kind: 'after', code: 'STORE_UNAVAILABLE' }];

for (const [kind, { make, place }] of Object.entries(DISK_KINDS)) {
  describeStore(kind, { make, place });

  describeStore(`${kind}, every third call failing and made again`, {
    place,
    make(options) {
      const lose = seededFaults(7, 1 / 3, [...LOST_CALLS, ...LOST_ANSWERS]);
      return createRetryingStore(
        createFaultyStore(make(options), (at) => {
          const fault = lose(at);
          // Made again after it had worked, `remove` rightly finds nothing.
          return at.method === 'remove' && fault?.kind === 'after' ? null : fault;
        }),
      );
    },
  });
}
