"""This machine as a back end: detached runs of milonga's own engine, and schedules kept in one SQLite file."""
