"""One collector per kind of data: which windows to read, and where the records go."""
