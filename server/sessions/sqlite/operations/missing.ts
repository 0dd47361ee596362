import { sql } from 'drizzle-orm';
import type { IndexRange } from '../../../../contract/index.js';
import { chunks } from '../schema.js';
import { reading } from './operation.js';
import { sessionById } from './rows.js';

/** Gaps between accepted indexes, found by SQLite in the order of the primary key: no list of chunks is made. */
export const missing = reading(
  (db, { id, limit }: { id: string; limit: number }): { ranges: IndexRange[]; more: boolean } => {
    const session = sessionById(db, id);
    if (!session || session.receivedChunks === session.total) return { ranges: [], more: false };
    const gaps = db.all<{ first: number; last: number }>(sql`
      select previous + 1 as first, position - 1 as last from (
        select ${chunks.index} as position, lag(${chunks.index}, 1, -1) over (order by ${chunks.index}) as previous
        from ${chunks} where ${chunks.uploadId} = ${id}
      ) where position > previous + 1 order by first limit ${limit + 1}`);
    const ranges = gaps.map(({ first, last }): IndexRange => [first, last]);
    const newest = db.get<{ last: number | null }>(
      sql`select max(${chunks.index}) as last from ${chunks} where ${chunks.uploadId} = ${id}`,
    );
    const tail = (newest?.last ?? -1) + 1;
    if (tail < session.total) ranges.push([tail, session.total - 1]);
    return { ranges: ranges.slice(0, limit), more: ranges.length > limit };
  },
);
