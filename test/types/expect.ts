/** True only where both types are the same, `any` and optional members included. */
export type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** Compiles only for `true`. */
export function proves<Claim extends true>(..._claim: Claim extends true ? [] : [never]): void {}

// The two notice what they are for: otherwise every proof beside this file would be worth nothing.
proves<Same<string, string>>();
// @ts-expect-error
proves<Same<string, number>>();
// @ts-expect-error
proves<Same<string, ReturnType<typeof JSON.parse>>>();
// @ts-expect-error
proves<Same<{ a?: string }, { a: string | undefined }>>();
