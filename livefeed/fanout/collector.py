"""The garbage collector of a process that serves: what lives as long as the process is not looked at again.

A full collection stops the process while it visits every object that can be part of a cycle: some 0.4 µs
each. The modules and the routes are 60,000 of them; a reader is fewer than ten where the connection was taken
over, and 160 to 190 where it is an ASGI task. Hardly anything is ever found: connections leave no cycles
behind when they end (none in 400).

So at the start everything is frozen, that is, taken out of the collector's sight, and collections become
rarer. Measured with three objects a reader, the longest pause while all of them come and come back, and
then 2,000 updates are published:

===========================  ===============  ===============
.                            20,000 readers   100,000 readers
===========================  ===============  ===============
Python's own settings        58 ms (8 full)   153 ms (9 full)
frozen at the start          19 ms (13 full)  108 ms (9 full)
and rarer, as here           8 ms (none)      61 ms (1 full)
and again every 5,000 joins  4 ms             5 ms
===========================  ===============  ===============

The last line is not done: a cycle that dies after it was frozen would never be freed.
"""

from __future__ import annotations

import gc

__all__ = ["THRESHOLDS", "settle"]

THRESHOLDS = (10_000, 5, 5)
"""So many more container objects than went away start a collection of the young ones; of the middle ones
after 5 of those; of all after 5 of these, and only if a quarter more has come of age since. Python's own are
(700, 10, 10)."""


def settle() -> None:
    """Call when everything is loaded, before the first reader comes. Cycles made later are still freed.

    Nothing is collected first: that would write to every object, and forked workers would no longer share
    them (10 MB each), to free some hundred that were in the way of nothing.
    """
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
