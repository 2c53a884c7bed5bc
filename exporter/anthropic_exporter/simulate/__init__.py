"""A fake Admin API over an invented organization. Imports nothing of the pipeline."""
