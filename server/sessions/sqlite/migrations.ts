/** Made by `npm run migrations` from the files in `migrations/`: change the schema, not this. In order. */
export const migrations: readonly { readonly tag: string; readonly statements: readonly string[] }[] = [
  {
    tag: '0000_uploads',
    statements: [
      'CREATE TABLE `chunks` (\n\t`upload_id` text NOT NULL,\n\t`index` integer NOT NULL,\n\t`hash` blob NOT NULL,\n\t`seq` integer NOT NULL,\n\t`writer` text,\n\t`suspect` integer DEFAULT false NOT NULL,\n\tPRIMARY KEY(`upload_id`, `index`),\n\tFOREIGN KEY (`upload_id`) REFERENCES `uploads`(`id`) ON UPDATE no action ON DELETE cascade\n);',
      'CREATE TABLE `meta` (\n\t`key` text PRIMARY KEY NOT NULL,\n\t`value` text NOT NULL\n);',
      'CREATE TABLE `uploads` (\n\t`id` text PRIMARY KEY NOT NULL,\n\t`owner` text NOT NULL,\n\t`policy` text NOT NULL,\n\t`name` text NOT NULL,\n\t`relative_path` text,\n\t`type` text,\n\t`last_modified` integer,\n\t`metadata` text,\n\t`size` integer NOT NULL,\n\t`mode` text NOT NULL,\n\t`chunk_size` integer NOT NULL,\n\t`total` integer NOT NULL,\n\t`declared_hash` text,\n\t`hash` text,\n\t`status` text NOT NULL,\n\t`received_chunks` integer DEFAULT 0 NOT NULL,\n\t`received_bytes` integer DEFAULT 0 NOT NULL,\n\t`last_received` integer,\n\t`last_seq` integer DEFAULT 0 NOT NULL,\n\t`synced_seq` integer DEFAULT 0 NOT NULL,\n\t`suspect` integer DEFAULT false NOT NULL,\n\t`mismatches` integer DEFAULT 0 NOT NULL,\n\t`copy_from` text,\n\t`attempt` integer DEFAULT 0 NOT NULL,\n\t`publishing` integer DEFAULT false NOT NULL,\n\t`lease_holder` text,\n\t`due_at` integer,\n\t`staged` integer DEFAULT false NOT NULL,\n\t`path` text,\n\t`data` text,\n\t`hook_due` integer DEFAULT false NOT NULL,\n\t`hook_attempt` integer DEFAULT 0 NOT NULL,\n\t`hook_due_at` integer,\n\t`hook_taken` integer DEFAULT false NOT NULL,\n\t`hook_error` text,\n\t`error` text,\n\t`created_at` integer NOT NULL,\n\t`expires_at` integer NOT NULL,\n\t`ended_at` integer\n);',
      'CREATE UNIQUE INDEX `uploads_identity` ON `uploads` (`owner`,`policy`,`declared_hash`,`size`,`chunk_size`,`name`,quote("relative_path")) WHERE "status" in (\'receiving\', \'assembling\', \'completed\') and "declared_hash" is not null;',
      'CREATE INDEX `uploads_content` ON `uploads` (`owner`,`hash`,`size`,`chunk_size`,`created_at`,`id`);',
      "CREATE INDEX `uploads_size` ON `uploads` (`owner`,`size`,`status`) WHERE \"status\" in ('receiving', 'assembling', 'completed');",
      'CREATE INDEX `uploads_list` ON `uploads` (`owner`,`created_at`,`id`);',
      'CREATE INDEX `uploads_list_status` ON `uploads` (`owner`,`status`,`created_at`,`id`);',
      'CREATE INDEX `uploads_status` ON `uploads` (`status`,`id`);',
      'CREATE INDEX `uploads_expiry` ON `uploads` (`expires_at`) WHERE "status" = \'receiving\';',
      'CREATE INDEX `uploads_due` ON `uploads` (`due_at`) WHERE "status" = \'assembling\';',
      'CREATE INDEX `uploads_hook_due` ON `uploads` (`hook_due_at`) WHERE "hook_due" = 1;',
      'CREATE INDEX `uploads_uncleaned` ON `uploads` (`ended_at`) WHERE "staged" = 1;',
      "CREATE INDEX `uploads_ended` ON `uploads` (`ended_at`) WHERE \"status\" in ('gone', 'aborted', 'expired', 'failed');",
    ],
  },
  { tag: '0001_moved_to', statements: ['ALTER TABLE `uploads` ADD `moved_to` text;'] },
  {
    tag: '0002_metadata_in_identity',
    statements: [
      'DROP INDEX `uploads_identity`;',
      'ALTER TABLE `uploads` ADD `metadata_hash` blob;',
      'CREATE UNIQUE INDEX `uploads_identity` ON `uploads` (`owner`,`policy`,`declared_hash`,`size`,`chunk_size`,`name`,quote("relative_path"),quote("metadata_hash")) WHERE "status" in (\'receiving\', \'assembling\', \'completed\') and "declared_hash" is not null;',
    ],
  },
];
