/**
 * Writes the SQL of `server/sessions/sqlite/migrations/` into a TypeScript module, so that a server applies migrations
 * without looking for files. `npm run migrations` runs it after drizzle-kit.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '..');
const folder = path.join(root, 'server/sessions/sqlite/migrations');
const target = path.join(root, 'server/sessions/sqlite/migrations.ts');

const journal = JSON.parse(readFileSync(path.join(folder, 'meta/_journal.json'), 'utf8')) as {
  entries: { idx: number; tag: string }[];
};
const migrations = journal.entries
  .sort((one, other) => one.idx - other.idx)
  .map(({ tag }) => ({
    tag,
    statements: readFileSync(path.join(folder, `${tag}.sql`), 'utf8')
      .split('--> statement-breakpoint')
      .map((statement) => statement.trim()),
  }));

writeFileSync(
  target,
  `/** Made by \`npm run migrations\` from the files in \`migrations/\`: change the schema, not this. In order. */
export const migrations: readonly { readonly tag: string; readonly statements: readonly string[] }[] =
  ${JSON.stringify(migrations)};
`,
);
execFileSync(path.join(root, 'node_modules/.bin/biome'), ['format', '--write', target], { stdio: 'inherit' });
