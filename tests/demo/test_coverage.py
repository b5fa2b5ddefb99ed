from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

from livefeed.core import editing
from livefeed.core.models import FeedCreate, Update, UpdateCreate
from livefeed.core.validation import parse
from livefeed.demo.coverage import Delete, Edit, Publish, load_coverage

NOW = datetime(2026, 11, 22, 8, 16, 52, tzinfo=UTC)


def test_each_step_is_valid_and_changes_something() -> None:
    coverage = load_coverage()
    parse(FeedCreate, coverage.feed | {"slug": "demo"})
    updates: dict[str, Update] = {}
    for step in coverage.steps:
        match step:
            case Publish():
                assert step.name not in updates
                draft = parse(UpdateCreate, step.update)
                updates[step.name] = editing.publish(draft, update_id=step.name, now=NOW)
                assert "&lt;" not in updates[step.name].html
            case Edit():
                revised = editing.edit(updates[step.name], step.patch, now=NOW)
                assert revised is not updates[step.name]
                updates[step.name] = revised
            case Delete():
                del updates[step.name]
    assert all(len(name) + 27 <= 64 for name in updates), "ids are a ULID, a hyphen and the name"


def test_the_page_is_full_at_once_and_then_never_still_for_long() -> None:
    steps = load_coverage().steps
    backstory = [step for step in steps if step.after_s == 0]
    assert 6 <= len(backstory) <= 8
    assert backstory == steps[: len(backstory)]
    ago = [step.ago_min for step in backstory if isinstance(step, Publish)]
    assert ago == sorted(ago, reverse=True)
    assert steps[len(backstory)].after_s <= 8
    assert all(3 <= step.after_s <= 12 for step in steps[len(backstory) :])
    assert 180 <= sum(step.after_s for step in steps) <= 240


def test_it_shows_what_livefeed_can_do() -> None:
    steps = load_coverage().steps
    assert Counter(step.do for step in steps).keys() == {"publish", "edit", "delete"}
    published = [step.update for step in steps if isinstance(step, Publish)]
    patches = [step.patch for step in steps if isinstance(step, Edit)]
    for name in "title", "tags", "link", "breaking", "key", "pinned":
        assert any(update.get(name) for update in published), name
    assert any("correction" in patch for patch in patches)
    assert any(patch.get("pinned") is False for patch in patches)
    assert any(patch.get("minor") for patch in patches)
