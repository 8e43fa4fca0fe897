-- Whether two offers are the same, and the groups that follow from it. Rows are those of the ledger.
CREATE TABLE IF NOT EXISTS judgement (
    one      INTEGER NOT NULL,
    other    INTEGER NOT NULL,          -- the higher row of the two
    person   TEXT NOT NULL,             -- who decided; empty: the machine
    outcome  TEXT NOT NULL,             -- same, different, unsure
    score    REAL,                      -- the machine's, 0 to 1
    features BLOB,                      -- JSON: what spoke for or against it
    at       TEXT NOT NULL,
    PRIMARY KEY (one, other, person)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS judgement_other ON judgement (other);
CREATE INDEX IF NOT EXISTS judgement_outcome ON judgement (outcome) WHERE outcome <> 'different';

-- of every offer that was judged; a group is named by its lowest row
CREATE TABLE IF NOT EXISTS grouped (
    row    INTEGER PRIMARY KEY,
    number INTEGER NOT NULL,
    across INTEGER NOT NULL             -- 1: the group holds offers of several sources
);
CREATE INDEX IF NOT EXISTS grouped_number ON grouped (number);
CREATE INDEX IF NOT EXISTS grouped_across ON grouped (number) WHERE across = 1;
