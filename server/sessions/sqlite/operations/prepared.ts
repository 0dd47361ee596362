import { type Column, getTableColumns, type SQL, sql, type Table } from 'drizzle-orm';
import { chunks, uploads } from '../schema.js';
import type { Db } from './operation.js';

/** A query that each connection builds and compiles once: building one costs far more than running it. */
export function prepared<Query>(build: (db: Db) => Query): (db: Db) => Query {
  const byConnection = new WeakMap<Db, Query>();
  return (db) => {
    const known = byConnection.get(db);
    if (known !== undefined) return known;
    const query = build(db);
    byConnection.set(db, query);
    return query;
  };
}

/** For each column a value that is given when a prepared query runs, under the column's name. */
export const given = givenOf(uploads);
export const givenChunk = givenOf(chunks);

function givenOf<Of extends Table>(table: Of): Record<keyof Of['_']['columns'], SQL> {
  const columns = Object.entries<Column>(getTableColumns(table));
  return Object.fromEntries(columns.map(([name, column]) => [name, givenFor(name, column)])) as Record<
    keyof Of['_']['columns'],
    SQL
  >;
}

/** A placeholder that Drizzle makes of a column's value encodes null as well: as the text `null`, say. */
function givenFor(name: string, column: Column): SQL {
  const mapToDriverValue = (value: unknown) => (value === null ? null : column.mapToDriverValue(value));
  return sql`${sql.param<unknown, unknown>(sql.placeholder(name), { mapToDriverValue })}`;
}
