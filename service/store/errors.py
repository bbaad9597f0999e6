"""Errors of the store that a caller can act on.

StoreError
├── Stale                  the record was changed since it was read
├── RecordGone             there is no record with the id
├── RefTaken               another record of the organisation has the owner's id
├── CursorInvalid          a place in a list that no list gave
├── StoreIncompatible      the database is of another revision than this version of needmatch
├── StoreNotEmpty          a restore would overwrite what is there
└── BackupCorrupt          a backup that is no backup, or was altered or cut

The command prints them as one line; the service answers with a problem of the same meaning.
"""

from matcher.errors import NeedmatchError
from matcher.phrases import phrase


class StoreError(NeedmatchError):
    """Something that the store refuses."""


class Stale(StoreError):
    """A record was changed by somebody else since it was read."""

    def __init__(self, expected: int, found: int) -> None:
        self.expected = expected
        self.found = found
        super().__init__(
            phrase(
                "The record is at version {found}, expected {expected}: somebody changed it meanwhile. "
                "Read it again, and make the change on what it is now.",
                found=found,
                expected=expected,
            )
        )


class RecordGone(StoreError):
    """There is no record with the id (any more)."""

    def __init__(self, record_id: str) -> None:
        self.record_id = record_id
        super().__init__(phrase("There is no record with the id {id!r}.", id=record_id))


class RefTaken(StoreError):
    """Two records of one kind and organisation cannot have the same owner's id."""

    def __init__(self, ref: str) -> None:
        self.ref = ref
        super().__init__(
            phrase(
                "Another record of the organisation has the reference {ref!r}. "
                "Change that one, or give another.",
                ref=ref,
            )
        )


class CursorInvalid(StoreError):
    """A place in a list that no list gave."""


class StoreIncompatible(StoreError):
    """The database, or a backup, is of a revision that this version of needmatch does not know."""


class StoreNotEmpty(StoreError):
    """A restore would overwrite what is there."""


class BackupCorrupt(StoreError):
    """A file that is no backup, or one that was altered or cut."""
