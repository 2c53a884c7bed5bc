"""Prometheus exporter for the Anthropic Admin API."""

__version__ = "0.1.0"
