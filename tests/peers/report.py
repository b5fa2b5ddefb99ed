"""What was checked, a line each."""

from __future__ import annotations

__all__ = ["Report"]


class Report:
    def __init__(self) -> None:
        self.checks = self.failures = 0

    def say(self, way: str, what: str, problem: str = "", good: str = "") -> None:
        self.checks += 1
        self.failures += bool(problem)
        print(f"{'FAIL' if problem else 'ok  '} {way:18} {what:31} {problem or good}", flush=True)
