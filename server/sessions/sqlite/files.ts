export type Migrate = 'auto' | 'manual';

export interface DatabaseFiles {
  /** Absolute path of the database. */
  readonly file: string;
  /** Absolute path of the file whose lock keeps a second server away. */
  readonly lockFile: string;
  /** 'manual': an opening that would have to migrate is refused, and changes nothing. Default 'auto'. */
  readonly migrate?: Migrate;
  /** For databases that are thrown away: commits wait for no disk. A crash of the process still takes nothing away. */
  readonly unsynced?: boolean;
}
