/** The types of every procedure's input and output, without zod's code. */
import type { z } from 'zod';
import type * as schemas from './schemas.js';
import type { ChunkFields } from './wire.js';

export type Json = z.infer<ReturnType<typeof z.json>>;
export type Metadata = z.infer<typeof schemas.metadata>;
export type PolicyInput = z.input<typeof schemas.policyInput>;
export type PolicyView = z.output<typeof schemas.policyOutput>;
export type InitInput = z.input<typeof schemas.initInput>;
/** `data` holds exactly `size` bytes. A Blob is sent without being read into memory first where the runtime can. */
export type ChunkInput = ChunkFields & { data: Blob | Uint8Array };
export type ResumeInput = z.input<typeof schemas.resumeInput>;
export type AbortInput = z.input<typeof schemas.abortInput>;
export type ListInput = z.input<typeof schemas.listInput>;
export type ListView = z.output<typeof schemas.listOutput>;
export type WatchInput = z.input<typeof schemas.watchInput>;
export type WatchEvent = z.output<typeof schemas.watchEvent>;
export type UploadView = z.output<typeof schemas.uploadView>;
export type Progress = z.output<typeof schemas.progress>;
export type ErrorView = z.output<typeof schemas.errorView>;
