DROP INDEX `uploads_identity`;--> statement-breakpoint
ALTER TABLE `uploads` ADD `metadata_hash` blob;--> statement-breakpoint
CREATE UNIQUE INDEX `uploads_identity` ON `uploads` (`owner`,`policy`,`declared_hash`,`size`,`chunk_size`,`name`,quote("relative_path"),quote("metadata_hash")) WHERE "status" in ('receiving', 'assembling', 'completed') and "declared_hash" is not null;