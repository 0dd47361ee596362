import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createUploads, policy } from '../../server/index.js';
import { flawInSchema } from '../../server/policy-input.js';
import { startServer, temporaryFolder } from '../support/server.js';
import { randomFile, wireClient } from '../support/wire.js';

const Tree = z.object({
  name: z.string(),
  get parts() {
    return z.array(Tree);
  },
});

describe('a schema of metadata', () => {
  it.each<[string, z.ZodType, string]>([
    ['z.date()', z.object({ day: z.date() }), '"metadata.day" takes z.date()'],
    ['z.bigint()', z.object({ id: z.bigint() }), '"metadata.id" takes z.bigint()'],
    ['z.map()', z.object({ a: z.map(z.string(), z.string()) }), '"metadata.a" takes z.map()'],
    ['z.set()', z.object({ a: z.set(z.string()) }), '"metadata.a" takes z.set()'],
    ['z.symbol()', z.object({ a: z.symbol() }), '"metadata.a" takes z.symbol()'],
    ['one in a list', z.object({ a: z.array(z.object({ b: z.date() })) }), '"metadata.a.b" takes z.date()'],
    ['one in a tuple', z.object({ a: z.tuple([z.string(), z.date()]) }), '"metadata.a.1" takes z.date()'],
    ['one in a record', z.record(z.string(), z.date()), '"metadata" takes z.date()'],
    [
      'one that may be absent',
      z.object({ a: z.date().optional() }).optional(),
      '"metadata.a" takes z.date()',
    ],
    ['one with a default', z.object({ a: z.date().default(new Date(0)) }), '"metadata.a" takes z.date()'],
    ['one before a transform', z.object({ a: z.date().transform(String) }), '"metadata.a" takes z.date()'],
    [
      'one of both',
      z.object({ a: z.string() }).and(z.object({ b: z.date() })),
      '"metadata.b" takes z.date()',
    ],
    ['a choice of two', z.object({ a: z.union([z.date(), z.bigint()]) }), '"metadata.a" takes z.date()'],
    ['one behind a lazy one', z.object({ a: z.lazy(() => z.date()) }), '"metadata.a" takes z.date()'],
    ['a bigint of a text', z.object({ a: z.coerce.bigint() }), '"metadata.a" makes a bigint'],
    [
      'a set at the end of a pipe',
      z.object({
        a: z
          .string()
          .transform((a) => new Set([a]))
          .pipe(z.set(z.string())),
      }),
      '"metadata.a" makes a set',
    ],
  ])('that can never work says so: %s', (_, schema, flaw) => {
    expect(flawInSchema(schema)).toContain(flaw);
  });

  it.each<[string, z.ZodType]>([
    ['coerced dates', z.object({ a: z.coerce.date() })],
    ['dates as text', z.object({ a: z.iso.datetime(), b: z.iso.date().transform((day) => new Date(day)) })],
    ['a date out of a preprocess', z.object({ a: z.preprocess((text) => new Date(String(text)), z.date()) })],
    [
      'a codec',
      z.object({
        a: z.codec(z.iso.datetime(), z.date(), { decode: (text) => new Date(text), encode: String }),
      }),
    ],
    ['a date, or a text', z.object({ a: z.union([z.date(), z.string()]) })],
    ['the same choice twice', z.object({ a: z.union([z.date(), z.string()]), b: z.array(z.int()) })],
    ['whatever there is', z.object({ a: z.any(), b: z.unknown(), c: z.json(), d: z.custom<Date>() })],
    ['what contains itself', Tree],
    ['what is made later', z.lazy(() => notYet)],
    ['none of zod', { parse: (value: unknown) => value } as unknown as z.ZodType],
  ])('that works is left alone: %s', (_, schema) => {
    expect(flawInSchema(schema)).toBeNull();
  });

  it('stops the start with a sentence that says what to use', () => {
    const input = z.object({ taken: z.object({ on: z.date() }) });
    const start = () =>
      createUploads({ root: '/nowhere', owner: 'shared', policies: { photos: policy({ input }) } });
    expect(start).toThrow(
      'The input of policy "photos" can never work: "metadata.taken.on" takes z.date(), but metadata travel as JSON, where no such value ever comes. Use z.coerce.date() or z.iso.datetime().',
    );
  });

  it('that takes a date as text gives it to hooks as a text', async () => {
    await using folder = await temporaryFolder();
    const photos = policy({
      input: z.object({ on: z.coerce.date() }),
      authorize: ({ metadata }) => metadata.on === '2026-05-04T00:00:00.000Z' || 'Another day.',
    });
    await using server = await startServer({ root: folder.path, policies: { photos } });
    const input = { ...randomFile(10, 10).input(), policy: 'photos', metadata: { on: '2026-05-04' } };
    expect((await wireClient(server.url).init(input)).status).toBe(200);
  });

  it('whose transform makes what JSON cannot carry is told to the operator, at once', async () => {
    await using folder = await temporaryFolder();
    const errors: { error?: Error }[] = [];
    const log = { info() {}, warn() {}, error: (details: object) => void errors.push(details) };
    const photos = policy({ input: z.object({ id: z.string().transform(BigInt) }) });
    await using server = await startServer({ root: folder.path, log, policies: { photos } });
    const input = { ...randomFile(10, 10).input(), policy: 'photos', metadata: { id: '5' } };
    expect(await wireClient(server.url).init(input)).toMatchObject({
      status: 500,
      upload: { code: 'INTERNAL' },
    });
    expect(errors.map(({ error }) => error?.message)).toEqual([
      'what the input of policy "photos" makes cannot be kept: it has a bigint at "id"',
    ]);
  });
});

const notYet = z.string();
