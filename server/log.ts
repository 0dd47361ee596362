/** Where the server tells its operator. `pino` and `console` both fit. Client text only ever goes into `details`. */
export interface Logger {
  info(details: object, message: string): void;
  warn(details: object, message: string): void;
  error(details: object, message: string): void;
}

/** For servers that were given no logger: silent but for what an operator must know. */
export const consoleLogger: Logger = {
  info() {},
  warn(details, message) {
    console.warn(`chunkwise: ${message}`, details);
  },
  error(details, message) {
    console.error(`chunkwise: ${message}`, details);
  },
};

/** A warning whose message was told already is left out. Messages are the server's own, so they are few. */
export function createWarnOnce(log: Logger): Logger['warn'] {
  const told = new Set<string>();
  return (details, message) => {
    if (told.has(message)) return;
    told.add(message);
    log.warn(details, message);
  };
}
