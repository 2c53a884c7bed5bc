"""The exposition as OTLP: the same families and samples, under names that Prometheus translates back."""
