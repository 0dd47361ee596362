/**
 * What is left of a value that went through JSON: dates as text, nothing of functions and of members that are
 * undefined. `never` where JSON cannot carry it (bigint, symbol).
 */
export type AsJson<Value> = unknown extends Value
  ? Value
  : Value extends string | number | boolean | null
    ? Value
    : Value extends bigint | symbol | ((...args: never) => unknown)
      ? never
      : Value extends { toJSON(...args: never): infer Written }
        ? AsJson<Written>
        : Value extends readonly (infer Item)[]
          ? InList<Item>[]
          : Value extends object
            ? { [Key in keyof Value as Carried<Key, Value[Key]>]: AsJson<Exclude<Value[Key], undefined>> }
            : never;

/** Lists keep their places: what JSON cannot carry is null there. */
type InList<Value> = Value extends undefined | ((...args: never) => unknown) ? null : AsJson<Value>;

type Carried<Key, Value> = Key extends symbol
  ? never
  : [Value] extends [undefined | symbol | ((...args: never) => unknown)]
    ? never
    : Key;
