import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { judge } from '../../client/retry.js';
import {
  CLIENT_DEFAULTS,
  chunkAt,
  ERRORS,
  type ErrorCode,
  MOVES,
  planWith,
  STATUSES,
  UploadError,
} from '../../contract/index.js';
import * as limits from '../../contract/limits.js';
import * as schemas from '../../contract/schemas.js';
import type { Standalone } from '../../server/standalone/app.js';
import { temporaryFolder } from '../support/server.js';
import { fileHash } from '../support/wire.js';
import { exampleFile, startDocumented } from './support/documented-server.js';
import { type Answer, type Exchange, exchangesOf, send } from './support/exchanges.js';
import { blocksOf, codesIn, page, section, tableUnder } from './support/markdown.js';

const PAGE = page('docs/protocol.md');

describe('the examples are what a server answers', () => {
  const exchanges = exchangesOf(blocksOf(PAGE), exampleFile);
  const open: { answer: Answer; exchange: Exchange }[] = [];
  let server: Standalone;
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;

  beforeAll(async () => {
    folder = await temporaryFolder();
    server = await startDocumented(folder.path, idsOf(exchanges));
  });
  afterAll(async () => {
    for (const { answer } of open) answer.close();
    await server.close();
    await folder[Symbol.asyncDispose]();
  });

  test('there is one of every procedure', () => {
    const named = exchanges.map(({ target }) => /^\/trpc\/uploads\.(\w+)/.exec(target)?.[1]);
    expect([...new Set(named)].sort()).toEqual(
      ['abort', 'chunk', 'init', 'list', 'policy', 'resume', 'watch'].sort(),
    );
  });

  // In the order of the page: each goes on where the one before it stopped.
  test.each(exchanges.map((exchange) => [exchange.line, exchange.target.slice(0, 40), exchange] as const))(
    'line %i: %s',
    async (_line, _target, exchange) => {
      const answer = await send(server.url, exchange);
      expect(answer.status).toBe(exchange.answer.status);
      for (const [name, value] of Object.entries(exchange.answer.headers))
        expect(answer.headers[name]).toContain(value);
      if (exchange.answer.headers['content-type'] === 'text/event-stream') {
        // What happens next is what it tells; it is read to its end below.
        await answer.until((text) => text.includes('snapshot'));
        open.push({ answer, exchange });
        return;
      }
      await answer.ended;
      expect(JSON.parse(answer.text())).toEqual(JSON.parse(exchange.answer.text));
    },
  );

  test('streams tell what came after their request', async () => {
    expect(open).toHaveLength(1);
    for (const { answer, exchange } of open) {
      const shown = framesOf(exchange.answer.text);
      await answer.until((text) => shown.every((frame) => framesOf(text).includes(frame)));
      const seen = framesOf(answer.text());
      expect(seen.slice(0, 2)).toEqual(shown.slice(0, 2));
      expect(seen.filter((frame) => !shown.includes(frame) && !frame.includes('"assembling"'))).toEqual([]);
      expect(seen.at(-1)).toBe(shown.at(-1));
    }
  });
});

describe('the worked example of the file hash', () => {
  const rows = tableUnder(PAGE, 'The file hash');
  const text = section(PAGE, 'The file hash');
  const size = exampleFile.length;
  const plan = planWith(size, 262_144, { ...limitsOfThePage(), threshold: 262_144 });
  if (plan === null) throw new Error('no plan');

  test('cuts the file as the plan does, and hashes each chunk', () => {
    const computed = Array.from({ length: plan.total }, (_, index) => {
      const chunk = chunkAt(plan, size, index);
      const bytes = exampleFile.subarray(chunk.offset, chunk.offset + chunk.size);
      const hash = createHash('sha256').update(bytes).digest('hex');
      return [index, chunk.offset, chunk.size, `\`${hash}\``].map(String);
    });
    expect(rows).toEqual(computed);
  });

  test('comes to the hash on the page', () => {
    expect(text).toContain(`\n    ${fileHash(exampleFile, plan.chunkSize)}\n`);
    const joined = rows.map(([, , , hash = '']) => hash.slice(1, -1)).join('');
    expect(text).toContain(
      `${joined.length / 2} bytes, beginning \`${joined.slice(0, 8)}\` and ending \`${joined.slice(-8)}\``,
    );
  });
});

describe('tables', () => {
  test('the moves are those of contract/states.ts', () => {
    const moves = tableUnder(PAGE, 'States').map(([from = '', to = '']) => [codesIn(from)[0], codesIn(to)]);
    expect(Object.fromEntries(moves)).toEqual(MOVES);
    expect(moves.map(([from]) => from)).toEqual(STATUSES);
  });

  test('the limits are those of contract/limits.ts', () => {
    const rows = tableUnder(PAGE, 'Limits');
    expect(rows.length).toBeGreaterThan(20);
    for (const [, value = '', name = ''] of rows)
      expect(amountOf(value), name).toBe(limitNamed(codesIn(name)[0]));
  });

  test.each<[string, readonly string[]]>([
    ['policy', fieldsOf(schemas.policyInput)],
    ['init', fieldsOf(schemas.initInput)],
    ['abort', fieldsOf(schemas.abortInput)],
    ['list', fieldsOf(schemas.listInput)],
    ['watch', fieldsOf(schemas.watchInput)],
    ['resume', schemas.resumeInput.options.flatMap(fieldsOf)],
  ])('the input of %s is that of its schema', (procedure, fields) => {
    const [line = ''] = section(PAGE, procedure).match(/^Input:.*$/m) ?? [];
    expect(codesIn(line)).toEqual(fields);
  });

  test('the fields of a chunk are those of its schema', () => {
    const [line = ''] = section(PAGE, 'chunk').match(/^Fields:[^.]*\./m) ?? [];
    expect(codesIn(line)).toEqual(fieldsOf(schemas.chunkFields));
  });

  test.each<[string, z.ZodType]>([
    ['policy', schemas.policyOutput],
    ['The upload', schemas.uploadView],
    ['Progress', schemas.progress],
  ])('the output "%s" is that of its schema', (heading, schema) => {
    const documented = tableUnder(PAGE, heading).flatMap(([fields = '']) => codesIn(fields));
    expect(documented.sort()).toEqual(namesOf(schema).sort());
  });
});

describe('what to do about an error', () => {
  const rows = tableUnder(PAGE, 'Errors and retries');
  const groups = rows.map(([codes = '']) => codesIn(codes) as ErrorCode[]);
  const rules = { ...CLIENT_DEFAULTS, minBackoffMs: 1, maxBackoffMs: 1 };
  const verdict = (code: ErrorCode) =>
    judge(new UploadError(code), 'transfer', { failures: 0, counted: 0, idleMs: 0 }, rules, {
      next: () => 0,
    });

  test('is said once for every code of a server', () => {
    const fromServers = Object.entries(ERRORS).filter(([, { trpc }]) => trpc !== null);
    expect(groups.flat().sort()).toEqual(fromServers.map(([code]) => code).sort());
  });

  test('is what the client does', () => {
    const [again = [], later = [], ...stay] = groups;
    for (const code of again) expect(verdict(code), code).toMatchObject({ retry: true, counted: true });
    for (const code of later) expect(verdict(code), code).toMatchObject({ retry: true, counted: false });
    for (const code of stay.flat()) expect(verdict(code), code).toEqual({ retry: false });
    expect(rows[0]?.[1]).toContain(`${CLIENT_DEFAULTS.retries} times`);
  });
});

/** The ids that a server has to give out, so that it answers as the page does: its own, then one for every `init`. */
function idsOf(exchanges: readonly Exchange[]): string[] {
  const ids = exchanges
    .filter(({ target }) => target.endsWith('.init'))
    .map(({ answer }) => JSON.parse(answer.text).result.data.uploadId as string);
  return ['01M82A0000WR1TER0000000000', ...ids];
}

/** Events of a stream, without pings. */
function framesOf(text: string): string[] {
  return text
    .split(/\n{2,}/)
    .map((frame) => frame.trim())
    .filter((frame) => frame !== '' && !frame.startsWith('event: ping'));
}

function fieldsOf(schema: z.ZodObject): string[] {
  return Object.entries(schema.shape).map(([name, field]) =>
    (field as z.ZodType).safeParse(undefined).success ? `${name}?` : name,
  );
}

/** Every field that an output may have. */
function namesOf(schema: z.ZodType): string[] {
  if (schema instanceof z.ZodObject) return Object.keys(schema.shape);
  if (!(schema instanceof z.ZodUnion)) throw new Error('neither a record nor a union of records');
  return [...new Set((schema.options as z.ZodType[]).flatMap(namesOf))];
}

function limitsOfThePage() {
  return {
    chunkSize: limits.POLICY_DEFAULTS.chunkSizeBytes,
    minChunkSize: limits.MIN_CHUNK_SIZE_BYTES,
    maxChunkSize: limits.MAX_CHUNK_SIZE_BYTES,
    maxChunks: limits.MAX_CHUNKS,
    maxFileSize: limits.POLICY_DEFAULTS.maxFileSizeBytes,
  };
}

/** `4 KiB`, `24 hours`, `1,000` as a number of bytes, milliseconds, or things. */
function amountOf(text: string): number {
  const units: Record<string, number> = {
    '': 1,
    bytes: 1,
    KiB: limits.KiB,
    MiB: limits.MiB,
    seconds: 1000,
    hours: 3_600_000,
    days: 24 * 3_600_000,
  };
  const [, number = '', unit = ''] = /^([\d,]+) ?(\w*)$/.exec(text) ?? [];
  return Number(number.replaceAll(',', '')) * (units[unit] ?? Number.NaN);
}

/** `MAX_CHUNKS` or `SERVER_DEFAULTS.budgetWaitMs`, looked up in contract/limits.ts. */
function limitNamed(name = ''): unknown {
  let value: unknown = limits;
  for (const part of name.split('.')) value = (value as Record<string, unknown>)[part];
  return value;
}
