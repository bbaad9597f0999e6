"""When Python looks for cycles that nothing holds any more: seldom, and while nobody is served.

To look through all that was made since the start takes tenths of a second, for which every request waits.
Most of what a service makes is freed without it.
"""

import gc
import sys
import threading
from collections.abc import Callable

TURN_S = 0.001
"""How long a thread keeps its turn of Python while another waits: a fifth of what is usual."""
YOUNG, MIDDLE, OLD = 5_000, 50, 1_000_000
"""Objects until the young are looked through; how often until those that stayed are, and then all: never."""
EVERY_S = 600.0
"""How often all are looked through."""
PATIENCE_S = 60.0
"""How long a moment is waited for in which nobody is served."""


def settle() -> None:
    """Have what was loaded at the start never looked through again, and threads take turns more often."""
    gc.freeze()
    gc.set_threshold(YOUNG, MIDDLE, OLD)
    gc.enable()
    sys.setswitchinterval(TURN_S)


def keep_swept(quiet: Callable[[float], bool], over: threading.Event) -> None:
    """Look through all that was made since the start every ten minutes, in a thread, until it is `over`.

    `quiet` waits for a moment in which nobody is served, so many seconds at most.
    """

    def sweep() -> None:
        while not over.wait(EVERY_S):
            quiet(PATIENCE_S)
            gc.collect()

    threading.Thread(target=sweep, name="needmatch-garbage", daemon=True).start()
