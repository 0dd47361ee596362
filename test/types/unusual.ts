/** Metadata and data of unusual types, from the server's policies to the client. */
import { createTRPCClient } from '@trpc/client';
import { initTRPC } from '@trpc/server';
import superjson from 'superjson';
import { z } from 'zod';
import { createUploader } from '../../client/index.js';
import type { AsJson } from '../../contract/index.js';
import { createUploads, type Policies, policy, type UploadsContext } from '../../server/index.js';
import { proves, type Same } from './expect.js';

const one = z.object({ a: z.string() });
const uploads = createUploads({
  root: 'data',
  owner: 'shared',
  policies: {
    any: policy({ input: z.any(), completed: () => ({ at: new Date(0), tuple: [1, 'a'] as const }) }),
    unknown: policy({ input: z.unknown() }),
    union: policy({ input: z.union([one, z.object({ b: z.number() })]) }),
    nullable: policy({ input: one.nullable() }),
    preset: policy({ input: one.default({ a: 'x' }) }),
    date: policy({ input: z.object({ on: z.coerce.date() }), completed: (upload) => upload.metadata.on }),
    readonly: policy({ completed: () => ['a'] as readonly string[] }),
    maybe: policy({ completed: (upload) => (upload.size > 1 ? { id: upload.size } : undefined) }),
    none: policy({ completed: async (upload) => (upload.size > 1 ? { id: upload.size } : null) }),
    either: policy({
      completed: (upload) => (upload.size > 1 ? { id: upload.size } : { text: upload.name }),
    }),
    absent: policy({
      completed: () => ({ text: undefined as string | undefined, seen: new Map<string, number>() }),
    }),
    default: policy({ input: one, completed: () => 7 }),
  },
});
const plain = initTRPC.context<UploadsContext>().create();
const rich = initTRPC.context<UploadsContext>().create({ transformer: superjson });
const deep = plain.router({ a: plain.router({ b: uploads.procedures(plain.procedure) }) });
const transformed = rich.router({ a: rich.router({ b: uploads.procedures(rich.procedure) }) });
const uploader = createUploader(createTRPCClient<typeof deep>({ links: [] }).a.b);
const other = createUploader(createTRPCClient<typeof transformed>({ links: [] }).a.b);
const file = new Blob(['x']);

export async function results(): Promise<void> {
  const any = await uploader.upload(file, { policy: 'any', metadata: { x: 1 } });
  proves<Same<typeof any.data, { at: string; tuple: [1, 'a'] } | undefined>>();
  const same = await other.upload(file, { policy: 'any' });
  proves<Same<typeof same.data, typeof any.data>>();
  const date = await uploader.upload(file, { policy: 'date', metadata: { on: '2026-01-01' } });
  proves<Same<typeof date.data, string | undefined>>();
  const list = await uploader.upload(file, { policy: 'readonly' });
  proves<Same<typeof list.data, string[] | undefined>>();
  const maybe = await uploader.upload(file, { policy: 'maybe' });
  proves<Same<typeof maybe.data, { id: number } | undefined>>();
  const none = await uploader.upload(file, { policy: 'none' });
  proves<Same<typeof none.data, { id: number } | null | undefined>>();
  const either = await uploader.upload(file, { policy: 'either' });
  if (either.data && 'id' in either.data) either.data.id satisfies number | undefined;
  const absent = await other.upload(file, { policy: 'absent' });
  // @ts-expect-error JSON leaves out what is undefined
  absent.data?.text satisfies string;
  // @ts-expect-error a map is an empty object in JSON
  absent.data?.seen.get('a');
}

export function metadata(): void {
  uploader.add(file, { policy: 'union', metadata: { a: 'x' } });
  uploader.add(file, { policy: 'union', metadata: { b: 1 } });
  // @ts-expect-error neither of the two
  uploader.add(file, { policy: 'union', metadata: { c: 1 } });
  uploader.add(file, { policy: 'preset' });
  // @ts-expect-error metadata is an object on its way
  uploader.add(file, { policy: 'unknown', metadata: 3 });
  // @ts-expect-error metadata is an object on its way
  uploader.add(file, { policy: 'nullable', metadata: null });
  uploader.uploadAll([file], { metadata: { a: 'x' } });
  // @ts-expect-error the default policy has metadata
  uploader.uploadAll([file]);
}

const variable: Policies = { videos: policy({ input: one, completed: () => ({ id: 1 }) }) };
const loose = createUploads({ root: 'data', owner: 'shared', policies: variable });
const looseRouter = plain.router({ uploads: loose.procedures(plain.procedure) });
const looseUploader = createUploader(createTRPCClient<typeof looseRouter>({ links: [] }).uploads);
const spread = createUploads({
  root: 'data',
  owner: 'shared',
  policies: { ...uploadsOf(), more: policy({ maxFileSize: 5 }) },
});
function uploadsOf() {
  return { videos: policy({ input: one, completed: () => ({ id: 1 }) }) };
}
const spreadRouter = plain.router({ uploads: spread.procedures(plain.procedure) });
const spreadUploader = createUploader(createTRPCClient<typeof spreadRouter>({ links: [] }).uploads);

export async function variables(): Promise<void> {
  looseUploader.add(file, { policy: 'videos', metadata: { a: 'x' } });
  looseUploader.uploadAll([file]);
  const { data } = await spreadUploader.upload(file, { policy: 'videos', metadata: { a: 'x' } });
  proves<Same<typeof data, { id: number } | undefined>>();
  const more = await spreadUploader.upload(file, { policy: 'more' });
  proves<Same<typeof more.data, undefined>>();
}

class Shown {
  constructor(readonly values: Map<string, number>) {}
  toJSON() {
    return { list: [...this.values.values()], at: new Date(0) };
  }
}
proves<Same<AsJson<{ nested: Shown }>, { nested: { list: number[]; at: string } }>>();
proves<Same<AsJson<[1, Date, undefined]>, [1, string, null]>>();
proves<Same<AsJson<{ a?: Date; b: string | (() => void) }>, { a?: string; b?: string }>>();
proves<Same<AsJson<{ a: unknown; b: unknown[] }>, { a: unknown; b: unknown[] }>>();
