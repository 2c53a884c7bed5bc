"""Holds what a Prometheus has against what the Admin API says, and names what explains a difference."""
