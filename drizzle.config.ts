import { defineConfig } from 'drizzle-kit';

/** `npm run migrations` compares the schema with the last snapshot and writes the SQL that leads from it. */
export default defineConfig({
  dialect: 'sqlite',
  schema: './server/sessions/sqlite/schema.ts',
  out: './server/sessions/sqlite/migrations',
});
