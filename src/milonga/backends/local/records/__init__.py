"""What schedules and firings are, and the SQLite file that keeps them."""
