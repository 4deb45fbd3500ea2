"""The tables, and the version that says which milonga understands them. Times are seconds since the epoch."""

VERSION = 1

STATEMENTS = (
    """CREATE TABLE IF NOT EXISTS pipelines (digest TEXT PRIMARY KEY, text TEXT NOT NULL) WITHOUT ROWID""",
    """CREATE TABLE IF NOT EXISTS schedules (
        number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, name TEXT NOT NULL UNIQUE,
        is_enabled INTEGER NOT NULL, kind TEXT NOT NULL, trigger TEXT NOT NULL, work TEXT NOT NULL,
        pipeline TEXT NOT NULL, max_concurrency INTEGER NOT NULL, made_at REAL NOT NULL, decided REAL NOT NULL,
        next_due REAL, made_up_until REAL)""",
    "CREATE INDEX IF NOT EXISTS schedules_by_time ON schedules (next_due) WHERE is_enabled = 1",
    "CREATE INDEX IF NOT EXISTS schedules_by_decided ON schedules (decided) WHERE is_enabled = 1 AND kind = 'time'",
    "CREATE INDEX IF NOT EXISTS schedules_by_kind ON schedules (kind)",
    "CREATE INDEX IF NOT EXISTS schedules_by_pipeline ON schedules (pipeline)",
    """CREATE TABLE IF NOT EXISTS firings (
        number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, schedule INTEGER, work TEXT NOT NULL,
        pipeline TEXT NOT NULL, state TEXT NOT NULL, due REAL, event TEXT NOT NULL, recorded_at REAL NOT NULL,
        launches INTEGER NOT NULL DEFAULT 0, run_id TEXT NOT NULL DEFAULT '', is_cancelled INTEGER NOT NULL DEFAULT 0,
        ended_at REAL, error TEXT NOT NULL DEFAULT '{}')""",
    "CREATE INDEX IF NOT EXISTS firings_open ON firings (state, schedule) WHERE state IN ('PENDING', 'RUNNING')",
    "CREATE INDEX IF NOT EXISTS firings_by_schedule ON firings (schedule, due)",
    "CREATE INDEX IF NOT EXISTS firings_by_run ON firings (run_id) WHERE run_id <> ''",
    """CREATE TABLE IF NOT EXISTS seen (
        schedule INTEGER NOT NULL, mark TEXT NOT NULL, PRIMARY KEY (schedule, mark)) WITHOUT ROWID""",
)
