import type { Core } from '../server/core.js';

/**
 * Stands for a server that is replaced: routers are built on it once, and reach the server of now.
 * @param current the same object until a replacement
 */
export function standIn(current: () => Core): Core {
  const parts = Object.entries(current()).map(([name, part]) => [
    name,
    isReplaced(part) ? following(() => current()[name as keyof Core] as object) : part,
  ]);
  return Object.fromEntries(parts) as Core;
}

/** The map of policies is the same one for all, and numbers come from the options. */
function isReplaced(part: unknown): boolean {
  return typeof part === 'function' || (typeof part === 'object' && !(part instanceof Map));
}

function following<Part extends object>(part: () => Part): Part {
  // A function, so that it can be called where the part is one.
  return new Proxy((() => {}) as unknown as Part, {
    get: (_, key) => Reflect.get(part(), key),
    apply: (_, self, args) => Reflect.apply(part() as (...args: unknown[]) => unknown, self, args),
  });
}
