"""Options that several commands share, and how they turn into filters, kinds and settings."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

if TYPE_CHECKING:
    from datetime import date

    from matcher.filters import Filter
    from matcher.records import Kind, Visibility
    from service.settings import ServerSettings, Settings

S = TypeVar("S", bound="Settings")

Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")]
Data = Annotated[
    Path | None,
    typer.Option(help="Folder of what was imported \\[default: the user's data folder, or NEEDMATCH_DATA]."),
]
DatabaseUrl = Annotated[
    str | None,
    typer.Option(
        "--database",
        help="sqlite:///FILE or postgresql://USER@HOST/NAME \\[default: a file in the data folder, or "
        "NEEDMATCH_DATABASE].",
    ),
]
Model = Annotated[
    str | None,
    typer.Option(
        help="Model: registry name, hub id or folder \\[default: needmatch-e5-small, or NEEDMATCH_MODEL]."
    ),
]
Engine = Annotated[
    str | None,
    typer.Option(help="auto, openvino-int8, openvino-bf16 or torch \\[default: auto, or NEEDMATCH_ENGINE]."),
]
Results = Annotated[int, typer.Option("--results", "-k", min=1, max=1000, help="How many results.")]
Country = Annotated[
    list[str] | None, typer.Option(help="Only this country (ISO alpha-2); may be given several times.")
]
Cpv = Annotated[list[str] | None, typer.Option(help="Only this CPV prefix; may be given several times.")]
Day = Annotated[
    str | None,
    typer.Option(help="Judge as on this day, such as 2027-03-01 \\[default: today]. Ids are not kept."),
]
OpenTo = Annotated[
    str,
    typer.Option(
        help="Audience: private, group, network, network_industry or public. What it may not see is left out."
    ),
]
Candidate = Annotated[
    str,
    typer.Argument(
        metavar="ID", help="Id of a candidate, now or earlier, or of any need that is part of it."
    ),
]
Map = Annotated[
    list[str] | None,
    typer.Option(
        "--map", help="Column names: new=old[|older], the first that is filled wins; may be repeated."
    ),
]


def settings(model: str | None = None, engine: str | None = None, data: Path | None = None) -> "Settings":
    """Settings of the environment, with what the command line says instead. Raises `SettingInvalid`."""
    from service.settings import Settings

    return _read(Settings, {"model": model, "engine": engine, "data": data})


def server_settings(**given: object) -> "ServerSettings":
    """The same for the service, by the names of its settings; None says nothing. Raises `SettingInvalid`."""
    from service.settings import ServerSettings

    return _read(ServerSettings, given)


def _read(kind: type[S], given: "Mapping[str, object]") -> S:
    from pydantic import ValidationError

    from matcher.errors import SettingInvalid

    try:
        return kind(**{name: value for name, value in given.items() if value is not None})  # type: ignore[arg-type]
    except ValidationError as error:
        wrong = error.errors()[0]
        name = "NEEDMATCH_" + "_".join(map(str, wrong["loc"])).upper()
        raise SettingInvalid(
            f"{name} is {wrong['input']!r}: {wrong['msg']}. Correct it in the environment or in .env."
        ) from error


def where(country: list[str] | None, cpv: list[str] | None, open_to: "Visibility | None" = None) -> "Filter":
    """A filter from the options."""
    from matcher.filters import Filter
    from matcher.records import Visibility

    return Filter(
        countries=tuple(c.upper() for c in country or ()),
        cpv=tuple(cpv or ()),
        open_to=open_to or Visibility.PRIVATE,
    )


def day(value: str | None, name: str = "--day") -> "date | None":
    """A calendar day; None where none is given. Raises `SettingInvalid`."""
    from datetime import date

    from matcher.errors import SettingInvalid

    if not value:
        return None
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise SettingInvalid(f"{name} is {value!r}: expected a day such as 2027-03-01.") from None


def visibility(value: str) -> "Visibility":
    """An audience by its word. Raises `SettingInvalid`."""
    from matcher.errors import SettingInvalid
    from matcher.records import Visibility

    try:
        return Visibility(value.lower())
    except ValueError:
        words = ", ".join(Visibility)
        raise SettingInvalid(f"--open-to is {value!r}: expected one of {words}.") from None


def kind(value: str) -> "Kind":
    """`need` or `solution`, singular or plural. Raises `SettingInvalid`."""
    from matcher.errors import SettingInvalid
    from matcher.records import Kind

    try:
        return Kind(value.lower().removesuffix("s"))
    except ValueError:
        raise SettingInvalid(f"--kind is 'need' or 'solution', not {value!r}.") from None
