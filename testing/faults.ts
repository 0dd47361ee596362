import { ERRORS, isErrorCode, type ServerErrorCode, UploadError } from '../contract/index.js';

/** Upload procedures, by name. */
export type FaultCall = 'policy' | 'init' | 'chunk' | 'resume' | 'abort' | 'list';

/** Where a connection breaks or stands still: before the server has the request, in the middle of its body, or after
 * it did its work and before the answer is back. */
export type FaultPlace = 'request' | 'body' | 'answer';

export interface FaultOptions {
  /** Only requests of this chunk. Default: any chunk. */
  index?: number;
  /** How many requests, one after the other, have the fault. Default 1. */
  times?: number;
}

export interface CallFaultOptions extends FaultOptions {
  /** Which procedure's requests. Default 'chunk'. */
  call?: FaultCall;
}

export interface ConnectionFaultOptions extends CallFaultOptions {
  /** Default 'request'. 'body' is for chunks. */
  at?: FaultPlace;
}

export interface RefusalOptions extends CallFaultOptions {
  /** Milliseconds, as the answer tells the client. */
  retryAfterMs?: number;
}

/** A fault that was ordered. */
export interface Fault {
  /** Requests that had it so far. */
  readonly count: number;
  /** Resolves when the first request has it. */
  readonly struck: Promise<void>;
}

/** Orders faults for requests to come. Each has one of its own; faults that fit the same request take turns. */
export interface Faults {
  /** One bit of the chunk's bytes changes on the way: the server answers CHUNK_HASH_MISMATCH. Chunks of 0 bytes have none. */
  corrupt(options?: FaultOptions): Fault;
  /** The connection breaks: the client sees a network failure. */
  drop(options?: ConnectionFaultOptions): Fault;
  /** Nothing moves any more, until the client or the server gives up by its clock. */
  stall(options?: ConnectionFaultOptions): Fault;
  /**
   * An UploadError's code: the server's procedure fails with it (of `chunk` and `init`). A number: something in front of
   * the server answers with a page of that HTTP status.
   */
  refuse(reason: ServerErrorCode | number, options?: RefusalOptions): Fault;
  /** Faults that have not struck yet: no request has fitted, or the one that did never came that far. */
  readonly pending: number;
  /** Takes back what has not struck yet. */
  clear(): void;
}

/** What happens to one request. */
export type Strike =
  | { readonly kind: 'corrupt' }
  | { readonly kind: 'drop' | 'stall'; readonly at: FaultPlace }
  | { readonly kind: 'page'; readonly status: number; readonly retryAfterMs: number | undefined }
  | { readonly kind: 'refuse'; readonly code: ServerErrorCode; readonly retryAfterMs: number | undefined };

/** A fault that was given to one request. */
export interface Taken<Kind extends Strike['kind'] = Strike['kind']> {
  readonly strike: Extract<Strike, { kind: Kind }>;
  /** To be called when it happens. */
  hit(): void;
}

export interface Target {
  readonly call: string;
  readonly index?: number | undefined;
  /** Bytes of the body; null: it has none, or they are not known. */
  readonly bytes: number | null;
}

/** The side that carries the faults out. */
export interface OrderedFaults extends Faults {
  /** The fault of this request on its way, if any. */
  onWire(target: Target): Taken<'corrupt' | 'drop' | 'stall' | 'page'> | null;
  /** The error that the procedure is to fail with, if any. */
  inServer(target: Target): UploadError | null;
}

interface Order {
  readonly strike: Strike;
  readonly call: FaultCall;
  readonly index: number | undefined;
  /** Requests that may still take it. */
  left: number;
  unstruck(): number;
  hit(): void;
}

export function createFaults(): OrderedFaults {
  let orders: Order[] = [];

  function order(strike: Strike, { call = 'chunk', index, times = 1 }: CallFaultOptions): Fault {
    whole('times', times, 1);
    if (index !== undefined) whole('index', index, 0);
    if (index !== undefined && call !== 'chunk')
      throw new RangeError(`Only chunks have an index: leave it out for "${call}".`);
    let count = 0;
    let strikeFirst = () => {};
    const struck = new Promise<void>((resolve) => {
      strikeFirst = resolve;
    });
    const hit = () => {
      count++;
      strikeFirst();
    };
    orders.push({ strike, call, index, left: times, unstruck: () => times - count, hit });
    return {
      struck,
      get count() {
        return count;
      },
    };
  }

  function take<Kind extends Strike['kind']>(
    { call, index, bytes }: Target,
    kinds: readonly Kind[],
  ): Taken<Kind> | null {
    const fitting = orders.find(
      (one) =>
        one.left > 0 &&
        one.call === call &&
        (one.index === undefined || one.index === index) &&
        (kinds as readonly string[]).includes(one.strike.kind) &&
        (one.strike.kind !== 'corrupt' || (bytes ?? 0) > 0),
    );
    if (fitting === undefined) return null;
    fitting.left--;
    orders = orders.filter((one) => one.unstruck() > 0);
    return { strike: fitting.strike as Taken<Kind>['strike'], hit: fitting.hit };
  }

  function connection(kind: 'drop' | 'stall', { at = 'request', ...which }: ConnectionFaultOptions): Fault {
    if (at === 'body' && which.call !== undefined && which.call !== 'chunk')
      throw new RangeError(`Only chunks have a body that can break off: "${which.call}" has none.`);
    return order({ kind, at }, which);
  }

  return {
    corrupt: (options = {}) => order({ kind: 'corrupt' }, options),
    drop: (options = {}) => connection('drop', options),
    stall: (options = {}) => connection('stall', options),
    refuse(reason, { retryAfterMs, ...which } = {}) {
      if (typeof reason === 'number') {
        if (!Number.isInteger(reason) || reason < 400 || reason > 599)
          throw new RangeError(`A refusal has a status from 400 to 599, not ${reason}.`);
        return order({ kind: 'page', status: reason, retryAfterMs }, which);
      }
      const { call = 'chunk' } = which;
      if (call !== 'chunk' && call !== 'init')
        throw new RangeError(
          `The server refuses "chunk" and "init" by a code; refuse "${call}" by a status.`,
        );
      if (!isErrorCode(reason) || ERRORS[reason].trpc === null)
        throw new RangeError(`A server does not refuse by "${String(reason)}".`);
      return order({ kind: 'refuse', code: reason, retryAfterMs }, which);
    },
    get pending() {
      return orders.reduce((sum, one) => sum + one.unstruck(), 0);
    },
    clear() {
      orders = [];
    },
    onWire: (target) => take(target, ['corrupt', 'drop', 'stall', 'page']),
    inServer(target) {
      const refusal = take(target, ['refuse']);
      if (refusal === null) return null;
      refusal.hit();
      const { code, retryAfterMs } = refusal.strike;
      return new UploadError(code, retryAfterMs === undefined ? {} : { retryAfterMs });
    },
  };
}

function whole(name: string, value: number, least: number): void {
  if (!Number.isSafeInteger(value) || value < least)
    throw new RangeError(`"${name}" is a whole number of at least ${least}, not ${String(value)}.`);
}
