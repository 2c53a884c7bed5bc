"""``python -m anthropic_exporter`` and the command ``anthropic-exporter``."""

from anthropic_exporter.cli import main

if __name__ == "__main__":
    main()
