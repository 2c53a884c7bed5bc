"""The catalogue of metric families, snapshots and their rendering."""
