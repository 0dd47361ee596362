import type { PlainUppy } from './plain.js';

/**
 * Uppy's Dashboard offers to upload each file that has not started, also while it is hashed, when there is nothing that
 * a person could start.
 */
export interface UploadButton {
  readonly hidden: boolean;
  hide(): void;
  /** Where it was hidden. */
  show(): void;
}

interface HasButton {
  readonly opts: { readonly hideUploadButton?: unknown };
  setOptions(options: { hideUploadButton: boolean }): void;
}

export function createUploadButton(uppy: PlainUppy): UploadButton {
  const without = new Set<HasButton>();
  return {
    get hidden() {
      return without.size > 0;
    },
    hide() {
      uppy.iteratePlugins((plugin: HasButton) => {
        if (plugin.opts.hideUploadButton !== false) return;
        without.add(plugin);
        plugin.setOptions({ hideUploadButton: true });
      });
    },
    show() {
      for (const plugin of without) plugin.setOptions({ hideUploadButton: false });
      without.clear();
    },
  };
}
