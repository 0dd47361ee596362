import type { Json } from './views.js';

/**
 * What is left of a value that went through JSON: dates as text, nothing of functions, members that may be undefined
 * as optional ones, maps and sets empty. `never` where JSON cannot carry it (bigint, symbol).
 */
export type AsJson<Value> = unknown extends Value
  ? Value
  : Value extends Json
    ? Value
    : Value extends bigint | symbol | ((...args: never) => unknown)
      ? never
      : Value extends { toJSON(...args: never): infer Written }
        ? AsJson<Written>
        : Value extends readonly [...infer Items]
          ? { [Index in keyof Items]: InList<Items[Index]> }
          : Value extends ReadonlyMap<unknown, unknown> | ReadonlySet<unknown>
            ? Record<string, never>
            : Value extends object
              ? Members<Value>
              : never;

/** What JSON leaves out of an object. */
type Absent = undefined | symbol | ((...args: never) => unknown);

type Members<Value> = { [Key in keyof Value as Carried<Key, Value[Key], 'maybe'>]: 0 } extends infer Optional
  ? keyof Optional extends never
    ? { [Key in keyof Value as Carried<Key, Value[Key], 'always'>]: AsJson<Value[Key]> }
    : Flat<
        { [Key in keyof Value as Carried<Key, Value[Key], 'always'>]: AsJson<Value[Key]> } & {
          [Key in keyof Value as Key extends keyof Optional ? Key : never]?: AsJson<
            Exclude<Value[Key], Absent>
          >;
        }
      >
  : never;
type Flat<Value> = { [Key in keyof Value]: Value[Key] };

/** Lists keep their places: what JSON cannot carry is null there. */
type InList<Value> = Value extends Absent ? null : AsJson<Value>;

type Carried<Key, Value, When> = Key extends symbol
  ? never
  : [Value] extends [Absent]
    ? never
    : When extends ([Extract<Value, Absent>] extends [never] ? 'always' : 'maybe')
      ? Key
      : never;
