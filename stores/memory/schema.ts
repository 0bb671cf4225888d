import type { DatabaseSync } from 'node:sqlite'

/** Another one whenever the tables, or what is written into them, change: an index of another one is made anew. */
const FORMAT = 3

/**
 * Prepares an opened database. The settings fit a cache: no write waits for the disk, and what is deleted is
 * overwritten. False: it was made by another release.
 */
export function prepareIndex(db: DatabaseSync): boolean {
  db.exec('PRAGMA busy_timeout = 5000; PRAGMA synchronous = OFF; PRAGMA secure_delete = ON')
  db.exec('BEGIN IMMEDIATE')
  const format = db.prepare('PRAGMA user_version').get()?.user_version
  if (format === 0) db.exec(TABLES)
  db.exec('COMMIT')
  return format === 0 || format === FORMAT
}

const TABLES = `
  CREATE TABLE sources (name TEXT PRIMARY KEY, version TEXT NOT NULL) STRICT;
  CREATE TABLE passages (
    id INTEGER PRIMARY KEY, source TEXT NOT NULL, key TEXT NOT NULL, kind TEXT NOT NULL, ts TEXT NOT NULL,
    text TEXT NOT NULL, tainted INTEGER NOT NULL, model TEXT, vector BLOB
  ) STRICT;
  CREATE INDEX passages_of_source ON passages (source);
  CREATE INDEX passages_of_key ON passages (key);
  CREATE VIRTUAL TABLE words USING fts5(text, tokenize = 'porter unicode61 remove_diacritics 2');
  INSERT INTO words (words, rank) VALUES ('secure-delete', 1);
  PRAGMA user_version = ${FORMAT};
`
