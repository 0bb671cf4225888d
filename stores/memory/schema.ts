import type { DatabaseSync } from 'node:sqlite'

/** Another one whenever the tables, or what is written into them, change: an index of another one is made anew. */
const FORMAT = 4

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

/** Vectors lie apart: what only looks at passages does not read through them. */
const TABLES = `
  CREATE TABLE sources (name TEXT PRIMARY KEY, version TEXT NOT NULL) STRICT;
  CREATE TABLE passages (
    id INTEGER PRIMARY KEY, source TEXT NOT NULL, key TEXT NOT NULL, kind TEXT NOT NULL, ts TEXT NOT NULL,
    text TEXT NOT NULL, tainted INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX passages_of_source ON passages (source);
  CREATE INDEX passages_of_key ON passages (key);
  CREATE INDEX passages_by_time ON passages (ts DESC, id);
  CREATE TABLE vectors (id INTEGER PRIMARY KEY, model TEXT NOT NULL, bytes INTEGER NOT NULL, vector BLOB NOT NULL) STRICT;
  CREATE INDEX vectors_of_model ON vectors (model, id);
  CREATE INDEX vectors_by_size ON vectors (model, bytes);
  CREATE VIRTUAL TABLE words USING fts5(text, tokenize = 'porter unicode61 remove_diacritics 2');
  INSERT INTO words (words, rank) VALUES ('secure-delete', 1);
  PRAGMA user_version = ${FORMAT};
`
