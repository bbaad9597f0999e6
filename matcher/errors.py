"""Every error a caller can act on, one small class each.

    NeedmatchError
    ├── InputError                 a file or a row that cannot be used
    │   ├── FileUnreadable         missing, not permitted, not of the form its name says
    │   ├── FormatUnknown          no reader or writer for this file
    │   ├── FileTooLarge           larger than the limit that protects the reader
    │   └── RecordInvalid          a record whose fields contradict the contract
    ├── RecordUnknown              an id that is not in the engine
    ├── ClusterUnknown             an id that no cluster has or had
    ├── ReviewConflict             an analyst's edit that contradicts an earlier one
    ├── SettingInvalid             an option or setting outside its range
    ├── ExtraMissing               an optional part of needmatch is not installed
    ├── WorkerLost                 a piece of work on which one worker after the other died
    ├── ModelError
    │   ├── ModelUnknown           no such model in the registry, nor such a folder
    │   ├── ModelMissing           known, but its weights are not on this machine
    │   └── ModelCorrupt           weights that fail their checksum or their check against the carrier
    └── SnapshotError
        ├── SnapshotMissing        no snapshot at this path
        ├── SnapshotCorrupt        a file is absent, truncated or altered
        └── SnapshotIncompatible   made by another format, model revision or dimension

A message says what was seen, what was expected and what to do. Of one that is a phrase, `str` is too:

>>> str(RecordUnknown("need", "N-7"))
"No need with the id 'N-7' is loaded. List the ids with 'needmatch export', or load the file that holds it."
"""

from matcher.phrases import phrase


class NeedmatchError(Exception):
    """Base of all errors that needmatch raises on purpose."""

    def __str__(self) -> str:
        """The message as it was given: `Exception` would make plain text of a phrase."""
        said = self.args[0] if len(self.args) == 1 else None
        return said if isinstance(said, str) else super().__str__()


class InputError(NeedmatchError):
    """A file or a row cannot be used as given."""


class FileUnreadable(InputError):
    """The file is missing, may not be read, or is not of the form its name says."""


class FormatUnknown(InputError):
    """No reader or writer is known for the file."""


class FileTooLarge(InputError):
    """The file, or what it unpacks to, is larger than the reader's limit."""


class RecordInvalid(InputError):
    """The fields of a record contradict the contract."""


class RecordUnknown(NeedmatchError):
    """An id was asked for that is not loaded."""

    def __init__(self, kind: str, record_id: str) -> None:
        self.kind = kind
        self.record_id = record_id
        super().__init__(
            phrase(
                "No {kind} with the id {id!r} is loaded. "
                "List the ids with 'needmatch export', or load the file that holds it.",
                kind=kind,
                id=record_id,
            )
        )


class ClusterUnknown(NeedmatchError):
    """An id was asked for that no cluster has or had."""

    def __init__(self, cluster_id: str) -> None:
        self.cluster_id = cluster_id
        super().__init__(
            phrase(
                "No cluster has or had the id {id!r}. "
                "List the clusters of the current run; ids of another audience's run are not known here.",
                id=cluster_id,
            )
        )


class ReviewConflict(NeedmatchError):
    """An analyst's edit contradicts earlier ones, or takes back what does not stand."""

    def __init__(self, message: str, earlier: tuple[int, ...] = ()) -> None:
        self.earlier = earlier
        """Numbers of the edits it contradicts, counted from 1; empty where there is none to name."""
        super().__init__(message)


class SettingInvalid(NeedmatchError):
    """An option or setting is outside its range."""


class ExtraMissing(NeedmatchError):
    """An optional part of needmatch is asked for and not installed."""


class WorkerLost(NeedmatchError):
    """One worker after the other died on the same piece of work."""


class ModelError(NeedmatchError):
    """A model cannot be used."""


class ModelUnknown(ModelError):
    """Neither the registry nor the disk knows the model that was named."""


class ModelMissing(ModelError):
    """The model is known, but its weights or its runtime are not on this machine."""


class ModelCorrupt(ModelError):
    """The weights fail their checksum or their check against the carrier."""


class SnapshotError(NeedmatchError):
    """A snapshot cannot be used."""


class SnapshotMissing(SnapshotError):
    """There is no snapshot at the path."""


class SnapshotCorrupt(SnapshotError):
    """A file of the snapshot is absent, truncated or altered."""


class SnapshotIncompatible(SnapshotError):
    """The snapshot was made by another format, model revision or dimension."""
