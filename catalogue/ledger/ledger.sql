-- The ledger of a snapshot: which offers there are, what each run did to them, what was refused and why.
CREATE TABLE offer (
    row         INTEGER PRIMARY KEY, -- number of the offer in the index
    id          TEXT NOT NULL UNIQUE,
    source      TEXT NOT NULL,
    provider    TEXT,
    hash        BLOB NOT NULL,       -- SHA-256 of the N-Triples text that the mapping made, with the provider's
    changed_run INTEGER NOT NULL,
    changed_at  TEXT NOT NULL,
    json        BLOB NOT NULL        -- the last column, so that the others are read without it
);
-- what a run compares with: read without touching the table
CREATE INDEX offer_compared ON offer (source, id, hash);
CREATE INDEX offer_provider ON offer (source, provider);

-- offers that the feed says are there; of its own, so that saying so does not rewrite them
CREATE TABLE published (
    row INTEGER PRIMARY KEY
);

-- when a source's data first came and last changed, as ISO times
CREATE TABLE source (
    name     TEXT PRIMARY KEY,
    issued   TEXT NOT NULL,
    modified TEXT NOT NULL
);

CREATE TABLE provider (
    source TEXT NOT NULL,
    id     TEXT NOT NULL,
    hash   BLOB NOT NULL,
    iri    TEXT,                     -- where a neighbour gave it one
    PRIMARY KEY (source, id)
);

CREATE TABLE run (
    number    INTEGER NOT NULL,
    source    TEXT NOT NULL,
    finished  TEXT NOT NULL,
    read      INTEGER NOT NULL,
    taken     INTEGER NOT NULL,
    unchanged INTEGER NOT NULL,
    refused   INTEGER NOT NULL,
    withdrawn INTEGER NOT NULL,
    failure   TEXT,                  -- why the source was left as it was; NULL when it was taken over
    PRIMARY KEY (number, source)
);

-- up to where a neighbour was followed
CREATE TABLE neighbour (
    name       TEXT PRIMARY KEY,
    position   INTEGER NOT NULL,      -- of the last event that was taken over
    state      TEXT NOT NULL,         -- JSON: what the next request needs
    changed_at TEXT NOT NULL          -- when its offers here last changed
);

-- of each source's last run only
CREATE TABLE note (
    source  TEXT NOT NULL,
    refused INTEGER NOT NULL,        -- 1: the record was refused, 0: a remark
    place   TEXT NOT NULL,
    text    TEXT NOT NULL
);
