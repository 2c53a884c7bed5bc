"""The rows of the catalogue, one module per subject. A metric more is a row more."""
