CREATE TABLE `chunks` (
	`upload_id` text NOT NULL,
	`index` integer NOT NULL,
	`hash` blob NOT NULL,
	`seq` integer NOT NULL,
	`writer` text,
	`suspect` integer DEFAULT false NOT NULL,
	PRIMARY KEY(`upload_id`, `index`),
	FOREIGN KEY (`upload_id`) REFERENCES `uploads`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE TABLE `meta` (
	`key` text PRIMARY KEY NOT NULL,
	`value` text NOT NULL
);
--> statement-breakpoint
CREATE TABLE `uploads` (
	`id` text PRIMARY KEY NOT NULL,
	`owner` text NOT NULL,
	`policy` text NOT NULL,
	`name` text NOT NULL,
	`relative_path` text,
	`type` text,
	`last_modified` integer,
	`metadata` text,
	`size` integer NOT NULL,
	`mode` text NOT NULL,
	`chunk_size` integer NOT NULL,
	`total` integer NOT NULL,
	`declared_hash` text,
	`hash` text,
	`status` text NOT NULL,
	`received_chunks` integer DEFAULT 0 NOT NULL,
	`received_bytes` integer DEFAULT 0 NOT NULL,
	`last_received` integer,
	`last_seq` integer DEFAULT 0 NOT NULL,
	`synced_seq` integer DEFAULT 0 NOT NULL,
	`suspect` integer DEFAULT false NOT NULL,
	`mismatches` integer DEFAULT 0 NOT NULL,
	`copy_from` text,
	`attempt` integer DEFAULT 0 NOT NULL,
	`publishing` integer DEFAULT false NOT NULL,
	`lease_holder` text,
	`due_at` integer,
	`staged` integer DEFAULT false NOT NULL,
	`path` text,
	`data` text,
	`hook_due` integer DEFAULT false NOT NULL,
	`hook_attempt` integer DEFAULT 0 NOT NULL,
	`hook_due_at` integer,
	`hook_taken` integer DEFAULT false NOT NULL,
	`hook_error` text,
	`error` text,
	`created_at` integer NOT NULL,
	`expires_at` integer NOT NULL,
	`ended_at` integer
);
--> statement-breakpoint
CREATE UNIQUE INDEX `uploads_identity` ON `uploads` (`owner`,`policy`,`declared_hash`,`size`,`chunk_size`,`name`,quote("relative_path")) WHERE "status" in ('receiving', 'assembling', 'completed') and "declared_hash" is not null;--> statement-breakpoint
CREATE INDEX `uploads_content` ON `uploads` (`owner`,`hash`,`size`,`chunk_size`,`created_at`,`id`);--> statement-breakpoint
CREATE INDEX `uploads_size` ON `uploads` (`owner`,`size`,`status`) WHERE "status" in ('receiving', 'assembling', 'completed');--> statement-breakpoint
CREATE INDEX `uploads_list` ON `uploads` (`owner`,`created_at`,`id`);--> statement-breakpoint
CREATE INDEX `uploads_list_status` ON `uploads` (`owner`,`status`,`created_at`,`id`);--> statement-breakpoint
CREATE INDEX `uploads_status` ON `uploads` (`status`,`id`);--> statement-breakpoint
CREATE INDEX `uploads_expiry` ON `uploads` (`expires_at`) WHERE "status" = 'receiving';--> statement-breakpoint
CREATE INDEX `uploads_due` ON `uploads` (`due_at`) WHERE "status" = 'assembling';--> statement-breakpoint
CREATE INDEX `uploads_hook_due` ON `uploads` (`hook_due_at`) WHERE "hook_due" = 1;--> statement-breakpoint
CREATE INDEX `uploads_uncleaned` ON `uploads` (`ended_at`) WHERE "staged" = 1;--> statement-breakpoint
CREATE INDEX `uploads_ended` ON `uploads` (`ended_at`) WHERE "status" in ('gone', 'aborted', 'expired', 'failed');