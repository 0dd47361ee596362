import Uppy from '@uppy/core';
import Dashboard from '@uppy/dashboard';
import type { Uploader } from '../../client/index.js';
import { Chunkwise } from '../../client/uppy/index.js';

/** Uppy on that uploader: what a person chooses, and how far it is. */
export interface Picker {
  mount(place: HTMLElement): void;
  /** Takes the file of an upload out, which ends that. */
  forget(uploadId: string): void;
}

export function createPicker(uploader: Uploader): Picker {
  const uppy = new Uppy();
  uppy.use(Chunkwise, { uploader, downloadUrl: ({ uploadId }) => `/files/${uploadId}` });
  return {
    mount(place) {
      if (uppy.getPlugin('Dashboard')) return;
      uppy.use(Dashboard, {
        target: place,
        inline: true,
        width: '100%',
        height: 380,
        theme: 'auto',
        proudlyDisplayPoweredByUppy: false,
        fileManagerSelectionType: 'both',
        singleFileFullScreen: false,
        note: 'Stopped half-way? Choose the same file again, here or elsewhere, and it goes on.',
      });
      asList(place);
    },
    forget(uploadId) {
      const files = uppy.getPlugin<Chunkwise>('Chunkwise')?.filesOf(uploadId) ?? [];
      for (const id of files) uppy.removeFile(id);
    },
  };
}

/** Uppy says of a single file that it is an item, and of nothing that it is the list. */
function asList(place: HTMLElement): void {
  const look = () => {
    for (const files of place.querySelectorAll('.uppy-Dashboard-files:not([role])'))
      files.setAttribute('role', 'list');
  };
  new MutationObserver(look).observe(place, { childList: true, subtree: true });
  look();
}
