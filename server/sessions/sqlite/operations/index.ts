import { assembly } from './assembly.js';
import { durability } from './durability.js';
import { ends } from './ends.js';
import { finding } from './finding.js';
import { missing } from './missing.js';
import type { Operation } from './operation.js';
import { outbox } from './outbox.js';
import { receiving } from './receiving.js';

const all = { ...finding, missing, ...receiving, ...durability, ...assembly, ...ends, ...outbox };

export type CallName = keyof typeof all;
export type CallArgs<Name extends CallName> = Parameters<(typeof all)[Name]['run']>[1];
export type CallResult<Name extends CallName> = ReturnType<(typeof all)[Name]['run']>;

/** Every call that the repository sends to its database. */
export const operations: { [Name in CallName]: Operation<CallArgs<Name>, CallResult<Name>> } = all;
