"""What was used, over intervals that are read more than once; and its SQLite store."""
