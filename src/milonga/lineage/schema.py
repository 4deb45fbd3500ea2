"""The tables, and the version that says which milonga understands them."""

VERSION = 1

STATEMENTS = (
    """CREATE TABLE IF NOT EXISTS runs (
        id TEXT PRIMARY KEY, pipeline TEXT NOT NULL, graph_digest TEXT NOT NULL, state TEXT NOT NULL,
        created_at REAL NOT NULL, ended_at REAL, arguments TEXT NOT NULL, outputs TEXT NOT NULL,
        output_artifacts TEXT NOT NULL, source TEXT NOT NULL, error TEXT NOT NULL) WITHOUT ROWID""",
    "CREATE INDEX IF NOT EXISTS runs_by_pipeline ON runs (pipeline, created_at)",
    """CREATE TABLE IF NOT EXISTS tasks (
        run_id TEXT NOT NULL, path TEXT NOT NULL, state TEXT NOT NULL, kind TEXT NOT NULL, component TEXT NOT NULL,
        attempts INTEGER NOT NULL, cached INTEGER NOT NULL, key TEXT NOT NULL, started_at REAL, ended_at REAL,
        cpu_s REAL NOT NULL, peak_memory_bytes INTEGER NOT NULL, inputs TEXT NOT NULL, outputs TEXT NOT NULL,
        input_artifacts TEXT NOT NULL, output_artifacts TEXT NOT NULL, log TEXT NOT NULL, error TEXT NOT NULL,
        iterations INTEGER, PRIMARY KEY (run_id, path)) WITHOUT ROWID""",
    """CREATE TABLE IF NOT EXISTS artifact_edges (
        run_id TEXT NOT NULL, path TEXT NOT NULL, direction TEXT NOT NULL, name TEXT NOT NULL,
        position INTEGER NOT NULL, digest TEXT NOT NULL, uri TEXT NOT NULL,
        PRIMARY KEY (run_id, path, direction, name, position)) WITHOUT ROWID""",
    "CREATE INDEX IF NOT EXISTS edges_by_digest ON artifact_edges (digest)",
    """CREATE TABLE IF NOT EXISTS cache (
        key TEXT PRIMARY KEY, run_id TEXT NOT NULL, path TEXT NOT NULL, outputs TEXT NOT NULL,
        output_artifacts TEXT NOT NULL, created_at REAL NOT NULL, used_at REAL NOT NULL) WITHOUT ROWID""",
)
