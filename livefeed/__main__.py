"""``python -m livefeed``."""

from livefeed.cli import main

__all__: list[str] = []

main()
