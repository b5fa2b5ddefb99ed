"""livefeed: a self-hosted live ticker. The application is :func:`livefeed.app.create_app`."""

from importlib.metadata import version

__all__ = ["__version__"]

__version__ = version("livefeed")
