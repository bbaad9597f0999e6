"""Needs and solutions."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from json import dumps, loads
from typing import Any, Generic, TypeVar

from service.client.connection import Connection
from service.client.values import Checked, CopiesOut, NeedOut, SolutionOut, VersionOut

Out = TypeVar("Out", NeedOut, SolutionOut)
Given = Mapping[str, Any]
"""Fields as the service takes them: see `NeedIn` and `SolutionIn` of its description."""


class Records(Generic[Out]):
    """What both kinds of records can do."""

    def __init__(self, connection: Connection, path: str) -> None:
        self._connection = connection
        self._path = path

    def create(self, given: Given | None = None, /, **fields: Any) -> Out:
        """Enter a record."""
        found: Out = self._connection.post(self._path, {**(given or {}), **fields})
        return found

    def get(self, record_id: str) -> Out:
        """A record as one may see it."""
        found: Out = self._connection.get(self._at(record_id))
        return found

    def list(self, **filters: Any) -> Iterator[Out]:
        """Records that one may see, the last changed first."""
        return self._connection.pages(self._path, **filters)

    def validate(self, given: Given, **params: Any) -> Checked:
        """What would come of entering a record."""
        found: Checked = self._connection.post(f"{self._path}/validate", dict(given), **params)
        return found

    def replace(self, record_id: str, given: Given) -> Out:
        """Say everything anew, as of the version that was read."""
        self._seen(record_id)
        found: Out = self._connection.put(self._at(record_id), dict(given))
        return found

    def change(self, record_id: str, given: Given | None = None, /, **fields: Any) -> Out:
        """Change some fields, as of the version that was read."""
        self._seen(record_id)
        found: Out = self._connection.patch(self._at(record_id), {**(given or {}), **fields})
        return found

    def erase(self, record_id: str) -> None:
        """Erase a record with all its versions."""
        self._seen(record_id)
        self._connection.delete(self._at(record_id))

    def move(self, record_id: str, where: str, given: Given | None = None) -> Out:
        """`submit`, `withdraw`, `renew`, `pause`, `reopen` or `fulfil`."""
        self._seen(record_id)
        at = self._at(record_id)
        found: Out = self._connection.post(f"{at}/{where}", dict(given) if given else None, of=at)
        return found

    def submit(self, record_id: str) -> Out:
        """Open a draft to those who may see it."""
        return self.move(record_id, "submit")

    def withdraw(self, record_id: str) -> Out:
        """Take it out of matching, and keep it."""
        return self.move(record_id, "withdraw")

    def renew(self, record_id: str, given: Given | None = None) -> Out:
        """Give it more time."""
        return self.move(record_id, "renew", given)

    def history(self, record_id: str) -> Iterator[VersionOut]:
        """Every version, the newest first."""
        return self._connection.pages(f"{self._at(record_id)}/history")

    def bulk(self, given: Iterable[Given]) -> Sequence[dict[str, Any]]:
        """Enter many at once; an answer for each, with its id or its errors."""
        body = "".join(dumps(dict(one), ensure_ascii=False) + "\n" for one in given).encode()
        answer = self._connection.send(
            "POST", f"{self._path}/bulk", content=body, headers={"Content-Type": "application/x-ndjson"}
        )
        return [loads(line) for line in answer.text.splitlines() if line]

    def _at(self, record_id: str) -> str:
        return f"{self._path}/{record_id}"

    def _seen(self, record_id: str) -> None:
        # whoever did not read it yet means it as it is now
        if self._connection.tag(self._at(record_id)) is None:
            self.get(record_id)


class Needs(Records[NeedOut]):
    """What procurers need."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection, "/needs")

    def duplicates(self, need_id: str) -> CopiesOut:
        """Needs that look like this one entered twice."""
        found: CopiesOut = self._connection.get(f"{self._at(need_id)}/duplicates")
        return found


class Solutions(Records[SolutionOut]):
    """What industry offers."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection, "/solutions")
