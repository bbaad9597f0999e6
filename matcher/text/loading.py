"""What is loaded once, by the first thread that needs it."""

import threading
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

Given = ParamSpec("Given")
Value = TypeVar("Value")


def once(load: Callable[Given, Value]) -> Callable[Given, Value]:
    """Remember what `load` gives for each of its arguments; threads that come meanwhile wait for it.

    `functools.cache` lets every one of them load it again, beside the first.

    >>> @once
    ... def table(language: str) -> list[str]:
    ...     print("loading", language)
    ...     return [language]
    >>> table("fi") is table("fi")
    loading fi
    True
    """
    loading = threading.Lock()
    known: dict[object, Value] = {}

    @wraps(load)
    def loaded(*given: Given.args, **named: Given.kwargs) -> Value:
        key = given, tuple(named.items())
        if key not in known:
            with loading:
                if key not in known:
                    known[key] = load(*given, **named)
        return known[key]

    return loaded
