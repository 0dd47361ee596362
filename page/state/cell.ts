/** A value that parts of the page look at. */
export interface Cell<Value> {
  readonly value: Value;
  /** Called after each change. @returns ends it */
  subscribe(listener: () => void): () => void;
}

export interface OwnCell<Value> extends Cell<Value> {
  set(value: Value): void;
}

export function createCell<Value>(initial: Value): OwnCell<Value> {
  const listeners = new Set<() => void>();
  let value = initial;
  return {
    get value() {
      return value;
    },
    set(next) {
      if (Object.is(next, value)) return;
      value = next;
      for (const listener of [...listeners]) listener();
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
