"""Lists with the latest first: by a moment, and by id among those of one moment."""

from typing import Any

from sqlalchemy import ColumnElement, and_, or_

from service.paging import Paging


def older(paging: Paging, at: Any, id_: Any) -> ColumnElement[bool] | None:
    """The condition on what comes after the cursor; None at the beginning. Raises `Problem` 422."""
    place = paging.moment_and_id()
    if place is None:
        return None
    moment, last = place
    return or_(at < moment, and_(at == moment, id_ < last))
