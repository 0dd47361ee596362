import { useMemo, useSyncExternalStore } from 'react';
import type {
  DataOf,
  PlainUploadOptions,
  PolicyName,
  SourceLike,
  UploadOptions,
  UploadResult,
  UploadsClient,
  UploadTask,
} from '../types.js';
import type { Uploader } from '../uploader.js';
import { tasksUnder } from './tasks-under.js';

export interface PolicyOptions<Name extends string> {
  /** Only the uploads of this policy. */
  policy: Name;
}

/** An uploader's list, and what can be done with it. */
export type UploadsHere<Client extends UploadsClient> = Pick<
  Uploader<Client>,
  'tasks' | 'add' | 'upload' | 'dismiss' | 'retry'
>;

/** The same for one policy, which needs not be named any more. */
export interface UploadsUnder<Client extends UploadsClient, Name extends PolicyName<Client>>
  extends Pick<Uploader<Client>, 'dismiss' | 'retry'> {
  readonly tasks: readonly UploadTask<DataOf<Client, Name>>[];
  add(source: SourceLike, ...options: OptionsUnder<Client, Name>): UploadTask<DataOf<Client, Name>>;
  /** `add(source, options).result` */
  upload(
    source: SourceLike,
    ...options: OptionsUnder<Client, Name>
  ): Promise<UploadResult<DataOf<Client, Name>>>;
}

/** Options without the policy; none are needed, unless the policy asks for metadata. */
export type OptionsUnder<Client extends UploadsClient, Name extends PolicyName<Client>> =
  // biome-ignore lint/complexity/noBannedTypes: asks whether all options may be left out.
  {} extends Omit<UploadOptions<Client, Name>, 'policy'>
    ? [options?: Omit<UploadOptions<Client, Name>, 'policy'>]
    : [options: Omit<UploadOptions<Client, Name>, 'policy'>];

const NONE: readonly never[] = Object.freeze([]);
const none = () => NONE;

/**
 * The uploads of an uploader, or of one of its policies. The component is rendered again when one is added, settles or
 * is dismissed, and not while bytes move: `useUpload` follows those. What is returned stays the same object in between.
 * @param uploader made outside of components, so that no unmounting ends its uploads
 */
export function useUploads<Client extends UploadsClient, Name extends PolicyName<Client>>(
  uploader: Uploader<Client>,
  options: PolicyOptions<Name>,
): UploadsUnder<Client, Name>;
export function useUploads<Client extends UploadsClient>(uploader: Uploader<Client>): UploadsHere<Client>;
export function useUploads(uploader: Uploader, { policy }: Partial<PolicyOptions<string>> = {}): unknown {
  const current = useMemo(() => tasksUnder(uploader, policy), [uploader, policy]);
  const tasks = useSyncExternalStore(uploader.subscribe, current, none);
  const calls = useMemo(() => callsUnder(uploader, policy), [uploader, policy]);
  return useMemo(() => ({ ...calls, tasks }), [calls, tasks]);
}

function callsUnder(uploader: Uploader, policy: string | undefined) {
  const { add, upload, dismiss, retry } = uploader;
  if (policy === undefined) return { add, upload, dismiss, retry };
  const named = (options?: PlainUploadOptions) => ({ ...options, policy });
  return {
    add: (source: SourceLike, options?: PlainUploadOptions) => add(source, named(options)),
    upload: (source: SourceLike, options?: PlainUploadOptions) => upload(source, named(options)),
    dismiss,
    retry,
  };
}
