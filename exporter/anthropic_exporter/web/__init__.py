"""The HTTP server: pages, negotiation, readiness."""
