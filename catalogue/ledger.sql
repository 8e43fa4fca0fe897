-- The ledger of a snapshot: which offers there are, what each run did to them, what was refused and why.
CREATE TABLE offer (
    row         INTEGER PRIMARY KEY, -- number of the offer in the index
    id          TEXT NOT NULL UNIQUE,
    source      TEXT NOT NULL,
    hash        BLOB NOT NULL,       -- SHA-256 of the N-Triples text that the mapping made
    json        BLOB NOT NULL,
    changed_run INTEGER NOT NULL,
    changed_at  TEXT NOT NULL
);
CREATE INDEX offer_source ON offer (source);

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

-- of each source's last run only
CREATE TABLE note (
    source  TEXT NOT NULL,
    refused INTEGER NOT NULL,        -- 1: the record was refused, 0: a remark
    place   TEXT NOT NULL,
    text    TEXT NOT NULL
);
