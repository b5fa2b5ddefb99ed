"""A small bar chart as SVG, readable on a light and on a dark page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

__all__ = ["Panel", "draw"]

_WIDTH, _LABEL, _VALUE, _BAR, _GAP, _HEAD = 760, 240, 60, 16, 8, 34
_STYLE = """
text { font: 13px system-ui, sans-serif; fill: #1f2328 }
.title { font-weight: 600 }
.bar { fill: #8c959f }
.ours { fill: #0969da }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 }
  .bar { fill: #6e7681 }
  .ours { fill: #4493f8 }
}
"""


@dataclass(frozen=True)
class Panel:
    """Bars under one title: label, value, whether it is ours."""

    title: str
    form: str
    bars: Sequence[tuple[str, float, bool]]

    @property
    def height(self) -> int:
        return _HEAD + len(self.bars) * (_BAR + _GAP) + _GAP


def draw(panels: Sequence[Panel]) -> str:
    """One panel under the other."""
    height = sum(panel.height for panel in panels)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" '
        f'height="{height}" role="img">',
        f"<title>{escape('; '.join(panel.title for panel in panels))}</title>",
        f"<style>{_STYLE}</style>",
    ]
    top = 0
    for panel in panels:
        parts += _panel(panel, top)
        top += panel.height
    return "\n".join([*parts, "</svg>"]) + "\n"


def _panel(panel: Panel, top: int) -> list[str]:
    most = max((value for _, value, _ in panel.bars), default=0) or 1
    parts = [f'<text class="title" x="0" y="{top + 20}">{escape(panel.title)}</text>']
    for i, (label, value, ours) in enumerate(panel.bars):
        y = top + _HEAD + i * (_BAR + _GAP)
        length = max(1, round(value / most * (_WIDTH - _LABEL - _VALUE)))
        kind = "bar ours" if ours else "bar"
        parts += [
            f'<text x="{_LABEL - 8}" y="{y + 13}" text-anchor="end">{escape(label)}</text>',
            f'<rect class="{kind}" x="{_LABEL}" y="{y}" width="{length}" height="{_BAR}" rx="2"/>',
            f'<text x="{_LABEL + length + 6}" y="{y + 13}">{panel.form.format(value)}</text>',
        ]
    return parts
