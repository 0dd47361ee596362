/** A ULID in its one canonical spelling: an id never reaches the disk or the database in another one. */
export const UPLOAD_ID_PATTERN = /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/;
