"""The running exporter: the only place that knows every stage."""

from anthropic_exporter.service.run import run

__all__ = ["run"]
