/** Types only: what a server's policies, by name, mean to its clients. */
import type { InitInput, ListView, Metadata, Progress, UploadView, WatchEvent } from './views.js';

/** One policy as its clients see it. */
export interface PolicyTypes {
  /** What `init` takes; with `undefined` it may be left out. */
  metadata: unknown;
  /** What the `completed` hook answers, as JSON carries it; undefined without such a hook. */
  data: unknown;
}

/** By name. */
export type PolicyMap = { [Name in string]: PolicyTypes };

/** Of a server that configures none. */
export type NoPolicies = { default: { metadata: Metadata | undefined; data: undefined } };

type NameOf<Map extends PolicyMap> = keyof Map & string;

/** `policy` may be left out for the default policy, and where names are not known. */
type Named<Name> = string extends Name
  ? { policy?: string | undefined }
  : Name extends 'default'
    ? { policy?: Name | undefined }
    : { policy: Name };
/** `metadata` may be left out where it may be undefined. */
type Described<Meta> = undefined extends Meta ? { metadata?: Meta } : { metadata: Meta };

/** `init`'s input: the name of the policy selects the type of `metadata`. */
export type InitInputOf<Map extends PolicyMap> = {
  [Name in NameOf<Map>]: Omit<InitInput, 'policy' | 'metadata'> &
    Named<Name> &
    Described<Map[Name]['metadata']>;
}[NameOf<Map>];

/** The same view, of that policy. */
type With<View, Name, Data> = View extends unknown
  ? { [Key in keyof View]: Key extends 'policy' ? Name : Key extends 'data' ? Data | undefined : View[Key] }
  : never;

/** An upload's view: the name of the policy, in `policy`, selects the type of `data`. */
export type UploadViewOf<Map extends PolicyMap> = {
  [Name in NameOf<Map>]: With<UploadView, Name, Map[Name]['data']>;
}[NameOf<Map>];

/** Progress does not tell the policy, so its `data` is that of any. */
export type ProgressOf<Map extends PolicyMap> = With<Progress, never, Map[NameOf<Map>]['data']>;

export type ListViewOf<Map extends PolicyMap> = Omit<ListView, 'items'> & { items: UploadViewOf<Map>[] };

export type WatchEventOf<Map extends PolicyMap> =
  | (Omit<Extract<WatchEvent, { kind: 'snapshot' }>, 'items'> & { items: ProgressOf<Map>[] })
  | (Omit<Extract<WatchEvent, { kind: 'progress' }>, 'progress'> & { progress: ProgressOf<Map> });
