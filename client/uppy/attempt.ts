import { throwLater } from '../notify.js';

/** The app's own code may throw. That is reported as its error, and neither fails an upload nor stops the others. */
export function attempt<Result>(call: () => Result): Result | undefined {
  try {
    return call();
  } catch (error) {
    throwLater(error);
    return undefined;
  }
}
