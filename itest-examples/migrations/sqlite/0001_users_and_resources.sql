CREATE TABLE users (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    name       TEXT    NOT NULL CHECK (length(name) > 0),
    email      TEXT    NOT NULL UNIQUE,
    created_at INTEGER NOT NULL DEFAULT (unixepoch())
);

-- A resource without an owner is shared, and shared resources may have equal names.
CREATE TABLE resources (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    owner_id INTEGER REFERENCES users (id) ON DELETE CASCADE,
    name     TEXT    NOT NULL CHECK (length(name) > 0),
    value    INTEGER NOT NULL CHECK (value >= 0),
    UNIQUE (owner_id, name)
);
