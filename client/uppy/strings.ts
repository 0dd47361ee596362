/** What the plugin says, by key; `locale: { strings }` of its options replaces them. Failures have words of their own. */
export const STRINGS = {
  preparingFiles: 'Preparing the upload',
  hashingFiles: 'Checking files before the upload',
  assemblingFiles: 'The server puts the files together',
  tryingAgain: 'Waiting: the upload goes on by itself',
  fileIsRemote: '%{file} lies with another service. Download it to this device, then add it from here.',
  fileIsGhost: '%{file} is no longer open in this browser. Choose the same file again, and it goes on.',
} as const;

export type Say = (key: keyof typeof STRINGS, values?: Record<string, string>) => string;
