import { describe, expect, test } from 'vitest';
import { ERRORS } from '../../contract/index.js';
import { read } from './tree.js';

interface Row {
  readonly status: number | null;
  readonly retryable: boolean;
}
type Table = Readonly<Record<string, Row>>;

const ROW = /^\| `([A-Z_]+)` *\|(.*)\|$/;

/** The rows of the page, in its order. A cell that cannot be read, or is empty, is an error. */
function rowsOf(page: string): [code: string, row: Row][] {
  const rows: [string, Row][] = [];
  for (const line of page.split('\n')) {
    const [, code, rest] = ROW.exec(line) ?? [];
    if (code === undefined || rest === undefined) continue;
    const [status, retryable, ...words] = rest.split('|').map((cell) => cell.trim());
    if (words.length !== 2 || words.some((cell) => !cell.endsWith('.')))
      throw new Error(`no sentences: ${line}`);
    if (!/^(none|\d{3})$/.test(status ?? '')) throw new Error(`no status: ${line}`);
    if (!/^(yes|no)$/.test(retryable ?? '')) throw new Error(`neither yes nor no: ${line}`);
    rows.push([code, { status: status === 'none' ? null : Number(status), retryable: retryable === 'yes' }]);
  }
  return rows;
}

/** What page and table say differently, in words. */
function differences(page: string, table: Table): string[] {
  const rows = rowsOf(page);
  const documented = new Map(rows);
  const found: string[] = [];
  if (documented.size !== rows.length) found.push('a code is documented twice');
  for (const [code, { status, retryable }] of Object.entries(table)) {
    const row = documented.get(code);
    if (!row) found.push(`${code} is not documented`);
    else if (row.status !== status) found.push(`${code} has status ${status}, documented is ${row.status}`);
    else if (row.retryable !== retryable) found.push(`${code} is ${retryable ? '' : 'not '}retryable`);
  }
  for (const code of documented.keys()) if (!Object.hasOwn(table, code)) found.push(`${code} does not exist`);
  return found;
}

const PAGE = read('docs/errors.md');

test('docs/errors.md and contract/errors.ts say the same', () => {
  expect(differences(PAGE, ERRORS)).toEqual([]);
});

test('a server answers what stands in the first table, a client makes what stands in the second', () => {
  const [fromServers = '', fromClients = ''] = PAGE.split('## Codes that only a client makes');
  for (const [code] of rowsOf(fromServers))
    expect(ERRORS[code as keyof typeof ERRORS].trpc, code).not.toBeNull();
  for (const [code] of rowsOf(fromClients)) expect(ERRORS[code as keyof typeof ERRORS].trpc, code).toBeNull();
});

test('every field of the data is explained', () => {
  const fields = [
    'code',
    'retryable',
    'retryAfterMs',
    'index',
    'expected',
    'received',
    'retriesLeft',
    'plan',
  ];
  for (const field of [...fields, 'status', 'path'])
    expect(PAGE).toMatch(new RegExp(`^\\|.*\`${field}\`.*\\|`, 'm'));
});

describe('the comparison', () => {
  const row = PAGE.split('\n').find((line) => line.startsWith('| `SERVER_BUSY`')) ?? '';

  test.each<[string, string, string]>([
    ['a row that is not there', '', 'SERVER_BUSY is not documented'],
    ['another status', row.replace('503', '500'), 'SERVER_BUSY has status 503, documented is 500'],
    ['another word on retrying', row.replace(/\| yes +\|/, '| no |'), 'SERVER_BUSY is retryable'],
    ['an unknown code', `${row}\n${row.replace('SERVER_BUSY', 'SERVER_LAZY')}`, 'SERVER_LAZY does not exist'],
    ['a code twice', `${row}\n${row}`, 'a code is documented twice'],
  ])('finds %s', (_, changed, message) => {
    expect(differences(PAGE.replace(row, changed), ERRORS)).toEqual([message]);
  });

  test('finds a new code in the table', () => {
    const table = { ...ERRORS, NEW: { status: 500, retryable: false } };
    expect(differences(PAGE, table)).toEqual(['NEW is not documented']);
  });

  test.each([
    '| `A` | 5xx | no | M. | D. |',
    '| `A` | 500 | maybe | M. | D. |',
    '| `A` | 500 | no | M. | |',
    '| `A` | 500 | no |',
  ])('refuses the row %j', (line) => {
    expect(() => rowsOf(line)).toThrow(line);
  });
});
