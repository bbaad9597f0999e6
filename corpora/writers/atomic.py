"""Files that appear whole or not at all."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from matcher.errors import FileUnreadable


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A path beside the target to write to; it takes the target's place when the block ends well.

    Raises `FileUnreadable` when the folder cannot be written to; the target is then as it was.
    """
    path = path.resolve()
    part = path.with_name(f".{path.name}.{os.urandom(4).hex()}.part")
    try:
        try:
            yield part
            with part.open("rb+") as written:
                os.fsync(written.fileno())
            if path.exists():
                shutil.copymode(path, part)
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        raise FileUnreadable(
            f"{path} cannot be written ({error.strerror or error}). "
            "Choose a folder that exists and may be written to."
        ) from error
