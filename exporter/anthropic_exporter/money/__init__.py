"""Dated prices and exact estimates."""
