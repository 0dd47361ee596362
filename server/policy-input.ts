import type { z } from 'zod';

/** What zod's own definition of a schema says, as far as it is looked at; another library's says nothing. */
interface Definition {
  readonly type?: string;
  readonly coerce?: boolean;
  readonly innerType?: unknown;
  readonly element?: unknown;
  readonly valueType?: unknown;
  readonly items?: readonly unknown[];
  readonly rest?: unknown;
  readonly options?: readonly unknown[];
  readonly left?: unknown;
  readonly right?: unknown;
  readonly shape?: Readonly<Record<string, unknown>>;
  readonly catchall?: unknown;
  readonly in?: unknown;
  readonly out?: unknown;
  readonly getter?: () => unknown;
}

type Side = 'input' | 'output';
interface Flaw {
  readonly path: readonly string[];
  readonly type: string;
}

/** What JSON does not have, and what to use in its place. */
const FOREIGN: Record<string, string> = {
  date: 'z.coerce.date() or z.iso.datetime()',
  bigint: 'z.int(), or z.string() for larger numbers',
  map: 'z.record()',
  set: 'z.array()',
  symbol: 'z.enum()',
  nan: 'z.null()',
  file: 'the upload itself',
  function: 'what JSON has',
};

/**
 * Why a policy's schema can never work, in a sentence, or null. Metadata travel as JSON, and are kept as JSON: a schema
 * that takes a Date refuses whatever a client sends, and a bigint that a schema makes cannot be kept.
 */
export function flawInSchema(schema: z.ZodType): string | null {
  const taken = find(schema, 'input');
  if (taken)
    return `${place(taken)} takes z.${taken.type}(), but metadata travel as JSON, where no such value ever comes. Use ${FOREIGN[taken.type]}.`;
  const made = find(schema, 'output');
  if (made)
    return `${place(made)} makes a ${made.type} of what it takes, but hooks get metadata as JSON, which cannot carry it. Use ${FOREIGN[made.type]}.`;
  return null;
}

function place({ path }: Flaw): string {
  return `"${['metadata', ...path].join('.')}"`;
}

function find(schema: unknown, side: Side): Flaw | null {
  function walk(current: unknown, path: readonly string[], above: readonly unknown[]): Flaw | null {
    const definition = (current as { _zod?: { def?: Definition } } | undefined)?._zod?.def;
    // Schemas may contain themselves.
    if (definition === undefined || above.includes(current)) return null;
    const { type = '', options } = definition;
    const within = [...above, current];
    if (isForeign(definition, side)) return { path, type };
    // One that can be met is enough.
    if (options) {
      const flaws = options.map((option) => walk(option, path, within));
      return flaws.includes(null) ? null : (flaws[0] ?? null);
    }
    for (const [child, name] of childrenOf(definition, side)) {
      const flaw = walk(child, name === null ? path : [...path, name], within);
      if (flaw) return flaw;
    }
    return null;
  }

  try {
    return walk(schema, [], []);
  } catch {
    // A part that is made later than this: it is seen when it is used.
    return null;
  }
}

function isForeign({ type = '', coerce }: Definition, side: Side): boolean {
  if (!Object.hasOwn(FOREIGN, type)) return false;
  // Coercion takes anything, and what becomes of a date is a text. Other types stay what they are.
  return side === 'input' ? coerce !== true : type !== 'date' && type !== 'nan';
}

/** Parts of a schema, with the names of those that are members. */
function childrenOf(definition: Definition, side: Side): [unknown, string | null][] {
  const { innerType, element, valueType, items = [], rest, left, right, shape = {}, catchall } = definition;
  const { getter, [side === 'input' ? 'in' : 'out']: end } = definition;
  return [
    ...Object.entries(shape).map(([name, member]): [unknown, string] => [member, name]),
    ...items.map((item, index): [unknown, string] => [item, String(index)]),
    ...[innerType, element, valueType, rest, left, right, catchall, end, getter?.()].map(
      (child): [unknown, null] => [child, null],
    ),
  ];
}
