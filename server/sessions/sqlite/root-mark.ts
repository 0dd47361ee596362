import { randomUUID } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import type Database from 'better-sqlite3';
import { UploadError } from '../../../contract/index.js';
import { syncFolder } from '../../../workers/durable.js';

const KEY = 'root_id';
const MARK = 'chunkwise.root';

/**
 * Binds a database to the root whose bytes it describes. Where both lie in one folder they come and go together; a
 * database elsewhere may meet another root, or the empty folder under a disk that is not mounted, and would then take
 * every chunk and every file for deleted.
 * @throws UploadError STORE_UNAVAILABLE where the database has uploads of a root that is not this one
 */
export function bindToRoot(sqlite: Database.Database, file: string, root: string): void {
  if (path.dirname(file) === root) return;
  const known = sqlite.prepare('select value from meta where key = ?').pluck().get(KEY);
  const mark = path.join(root, MARK);
  const found = fs.existsSync(mark) ? fs.readFileSync(mark, 'utf8').trim() : null;
  if (known !== undefined && known === found) return;
  const isUsed = sqlite.prepare('select 1 from uploads limit 1').get() !== undefined;
  if (isUsed && known !== undefined)
    throw new UploadError('STORE_UNAVAILABLE', {
      message: `the database ${file} belongs to another root than ${root}: is the disk mounted? Nothing was changed`,
    });
  const id = found ?? makeMark(mark);
  sqlite
    .prepare(
      'insert into meta (key, value) values (?, ?) on conflict (key) do update set value = excluded.value',
    )
    .run(KEY, id);
}

/** On the disk before the database names it. */
function makeMark(mark: string): string {
  const id = randomUUID();
  fs.writeFileSync(mark, `${id}\n`, { flag: 'wx', mode: 0o600, flush: true });
  syncFolder(path.dirname(mark));
  return id;
}
