"""A real store on a Redis of its own."""

from tests.wires.conftest import redis_url, store

__all__ = ["redis_url", "store"]
