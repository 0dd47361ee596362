import { useMemo, useSyncExternalStore } from 'react';
import { clientClock } from '../../contract/for-clients.js';
import type { PolicyName, UploadsClient } from '../types.js';
import type { Uploader } from '../uploader.js';
import { createSummary, EMPTY_SUMMARY, type UploadsSummary } from './summary.js';

const empty = () => EMPTY_SUMMARY;

/**
 * All uploads of an uploader, or of one policy, as one: for an overall progress bar. The component is rendered again
 * at most every CLIENT_DEFAULTS.progressIntervalMs.
 */
export function useUploadsSummary<Client extends UploadsClient>(
  uploader: Uploader<Client>,
  { policy }: { policy?: PolicyName<Client> } = {},
): UploadsSummary {
  const store = useMemo(() => createSummary(uploader, policy, clientClock), [uploader, policy]);
  return useSyncExternalStore(store.subscribe, store.current, empty);
}
