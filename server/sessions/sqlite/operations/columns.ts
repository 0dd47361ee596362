import { getTableColumns } from 'drizzle-orm';
import { uploads } from '../schema.js';

const {
  mismatches: _mismatches,
  leaseHolder: _leaseHolder,
  dueAt: _dueAt,
  hookDueAt: _hookDueAt,
  hookTaken: _hookTaken,
  ...columns
} = getTableColumns(uploads);

/** The columns that make an UploadSession; the others are the repository's own. */
export const sessionColumns = columns;
