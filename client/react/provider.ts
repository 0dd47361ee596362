import { createContext, createElement, type ReactElement, type ReactNode, useContext } from 'react';
import { UploadError } from '../../contract/for-clients.js';
import type { UploadTask } from '../types.js';
import type { Uploader } from '../uploader.js';

/** What of an uploader is needed to find its uploads: any uploader, whatever its router. */
export type Listed = Pick<Uploader, 'subscribe'> & {
  readonly tasks: readonly UploadTask<unknown>[];
};

export interface UploaderProviderProps {
  uploader: Listed;
  children?: ReactNode;
}

const UploaderContext = createContext<Listed | null>(null);

/**
 * Lets the components below find uploads by their ids. It neither makes nor closes the uploader.
 * (The first types of React 18.2 take no component that returns a ReactNode.)
 */
export function UploaderProvider({ uploader, children }: UploaderProviderProps): ReactElement {
  return createElement(UploaderContext.Provider, { value: uploader }, children);
}

/** The uploader of the nearest provider. @param wanted without a provider, an error */
export function useListed(wanted: boolean): Listed | null {
  const uploader = useContext(UploaderContext);
  if (wanted && uploader === null)
    throw new UploadError('INPUT_INVALID', {
      message:
        'An upload is found by its id below <UploaderProvider uploader={...}>, and there is none here.',
    });
  return uploader;
}
