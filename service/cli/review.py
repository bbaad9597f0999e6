"""`review`: what analysts change about groups of needs, kept with who, when and why."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from service.cli import options, screen, store

if TYPE_CHECKING:
    from matcher.engine import Engine
    from matcher.identity import Cluster
    from matcher.review import Edit

    Made = tuple[int, Edit, list[Cluster]]

app = typer.Typer(
    help="Correct groups of needs: merge, split, lock, name. Edits hold for every later run.",
    no_args_is_help=True,
)
Op = Literal["merge", "split", "lock", "unlock", "rename", "must_link", "cannot_link"]
Who = Annotated[str, typer.Option(help="Who decides this; stands in the record.")]
Why = Annotated[str, typer.Option(help="Why, in a sentence.")]
Needs = Annotated[list[str], typer.Argument(metavar="NEED...", help="Ids of needs.")]
Groups = Annotated[
    list[str], typer.Argument(metavar="ID...", help="Ids of clusters, or of any need in each.")
]
Group = Annotated[str, typer.Argument(metavar="ID", help="Id of a cluster, or of any need in it.")]


@app.command()
def merge(
    ids: Groups,
    who: Who,
    why: Why = "",
    data: options.Data = None,
    model: options.Model = None,
    engine: options.Engine = None,
    as_json: options.Json = False,
) -> None:
    """Make one group of several, with all needs of each."""
    from matcher.errors import SettingInvalid

    with store.changing(options.settings(model, engine, data)) as opened:
        groups = {_members(opened, wanted) for wanted in ids}
        if len(groups) < 2:
            raise SettingInvalid(f"{', '.join(ids)} are one group already; 'review must-link' keeps it so.")
        needs = [need for group in sorted(groups) for need in group]
        made = _edit(opened, "merge", needs, who, why)
    _show(made, as_json)


@app.command()
def split(
    needs: Needs,
    who: Who,
    why: Why = "",
    data: options.Data = None,
    model: options.Model = None,
    engine: options.Engine = None,
    as_json: options.Json = False,
) -> None:
    """Take needs out of their group, and keep them apart from those that stay behind."""
    from matcher.errors import SettingInvalid

    with store.changing(options.settings(model, engine, data)) as opened:
        members = _members(opened, _need(opened, needs[0]))
        if strange := sorted(set(needs) - set(members)):
            raise SettingInvalid(f"{', '.join(strange)} is not in the group of {needs[0]}: {_told(members)}.")
        apart = [need for need in members if need not in needs]
        if not apart:
            raise SettingInvalid(f"Nothing would stay behind: the group of {needs[0]} is {_told(members)}.")
        made = _edit(opened, "split", needs, who, why, apart=tuple(apart))
    _show(made, as_json)


@app.command()
def lock(
    cluster: Group,
    who: Who,
    why: Why = "",
    data: options.Data = None,
    model: options.Model = None,
    engine: options.Engine = None,
    as_json: options.Json = False,
) -> None:
    """Keep a group exactly as it is; no need joins it any more."""
    with store.changing(options.settings(model, engine, data)) as opened:
        made = _edit(opened, "lock", _members(opened, cluster), who, why)
    _show(made, as_json)


@app.command()
def unlock(
    cluster: Group,
    who: Who,
    why: Why = "",
    data: options.Data = None,
    model: options.Model = None,
    engine: options.Engine = None,
    as_json: options.Json = False,
) -> None:
    """Let a locked group change again."""
    with store.changing(options.settings(model, engine, data)) as opened:
        made = _edit(opened, "unlock", _members(opened, cluster), who, why)
    _show(made, as_json)


@app.command()
def rename(
    cluster: Group,
    name: Annotated[str, typer.Argument(help="What to call it; empty takes the name away.")],
    who: Who,
    why: Why = "",
    data: options.Data = None,
    model: options.Model = None,
    engine: options.Engine = None,
    as_json: options.Json = False,
) -> None:
    """Give a group a name of its own."""
    with store.changing(options.settings(model, engine, data)) as opened:
        made = _edit(opened, "rename", _members(opened, cluster), who, why, name=name)
    _show(made, as_json)


@app.command("must-link")
def must_link(
    needs: Needs,
    who: Who,
    why: Why = "",
    data: options.Data = None,
    model: options.Model = None,
    engine: options.Engine = None,
    as_json: options.Json = False,
) -> None:
    """Say that these needs belong together, whatever else joins them."""
    with store.changing(options.settings(model, engine, data)) as opened:
        made = _edit(opened, "must_link", [_need(opened, need) for need in needs], who, why)
    _show(made, as_json)


@app.command("cannot-link")
def cannot_link(
    needs: Needs,
    who: Who,
    why: Why = "",
    data: options.Data = None,
    model: options.Model = None,
    engine: options.Engine = None,
    as_json: options.Json = False,
) -> None:
    """Say that no two of these needs may be in one group."""
    with store.changing(options.settings(model, engine, data)) as opened:
        made = _edit(opened, "cannot_link", [_need(opened, need) for need in needs], who, why)
    _show(made, as_json)


@app.command()
def undo(
    number: Annotated[int, typer.Argument(min=1, help="Number of the edit, as 'review list' shows it.")],
    who: Who,
    why: Why = "",
    data: options.Data = None,
    model: options.Model = None,
    engine: options.Engine = None,
    as_json: options.Json = False,
) -> None:
    """Take an edit back; undoing an undo brings it back."""
    with store.changing(options.settings(model, engine, data)) as opened:
        made = _edit(opened, "undo", [], who, why, undoes=number)
    _show(made, as_json)


@app.command("list")
def list_(
    data: options.Data = None,
    model: options.Model = None,
    engine: options.Engine = None,
    as_json: options.Json = False,
) -> None:
    """Show all edits, and which of them stand."""
    from service.plain import plain

    review = store.open_stored(options.settings(model, engine, data)).cooperation.review
    standing = {number for number, _ in review.standing}
    if as_json:
        screen.print_json(
            [
                {"number": number, "stands": number in standing, **plain(edit)}
                for number, edit in enumerate(review.edits, 1)
            ]
        )
        return
    out = screen.console()
    if not review.edits:
        out.print("Nobody has changed a group yet.")
    for number, edit in enumerate(review.edits, 1):
        taken_back = number not in standing and edit.op != "undo"
        out.print(f"{number:>3}. {edit}{_named(edit)}", style="dim" if taken_back else "", markup=False)
        said = f"{edit.who}, {edit.when:%Y-%m-%d %H:%M}{f': {edit.why}' if edit.why else ''}"
        screen.indented(out, f"{said}{' (taken back)' if taken_back else ''}", "dim")


def _named(edit: "Edit") -> str:
    return f" to {edit.name!r}" if edit.op == "rename" else ""


def _need(opened: "Engine", need_id: str) -> str:
    """The id of a need that is loaded. Raises `RecordUnknown`."""
    opened.needs.row(need_id)
    return need_id


def _members(opened: "Engine", wanted: str) -> tuple[str, ...]:
    """The needs of a cluster, by its id, by one that leads to it, or by a need in it.

    Raises `ClusterUnknown`, or `SettingInvalid` for a cluster of which nothing is left.
    """
    from matcher.errors import SettingInvalid
    from matcher.filters import Filter

    clusters = {cluster.id: cluster for cluster in opened.clusters()}
    ids = opened.cooperation.identities[Filter()]
    home = ids.of(wanted) or ids.current(wanted)
    if home is None:
        raise SettingInvalid(f"Nothing is left of {wanted}: its needs are gone.")
    return clusters[home].members


def _edit(
    opened: "Engine",
    op: Op | Literal["undo"],
    needs: Sequence[str],
    who: str,
    why: str,
    *,
    name: str = "",
    apart: tuple[str, ...] = (),
    undoes: int | None = None,
) -> "Made":
    """Make an edit; ids are given before and after, so that they last."""
    from datetime import UTC, datetime

    from matcher.review import Edit

    opened.clusters()
    edit = Edit(
        who=who,
        when=datetime.now(UTC),
        op=op,
        need_ids=tuple(dict.fromkeys(needs)),
        why=why,
        name=name,
        apart=apart,
        undoes=undoes,
    )
    opened.edit(edit)
    number = len(opened.cooperation.review.edits)
    concerned = {*edit.need_ids, *apart}
    if undoes is not None:
        earlier = opened.cooperation.review.edits[undoes - 1]
        concerned |= {*earlier.need_ids, *earlier.apart}
    now = [cluster for cluster in opened.clusters() if concerned & set(cluster.members)]
    return number, edit, now


def _show(made: "Made", as_json: bool) -> None:
    from service.plain import plain

    number, edit, clusters = made
    if as_json:
        screen.print_json({"number": number, **plain(edit), "clusters": plain(clusters)})
        return
    out = screen.console()
    out.print(f"Edit {number}: {edit}{_named(edit)}, by {edit.who}", markup=False)
    for cluster in clusters:
        called = f"  {cluster.name}" if cluster.name else ""
        locked = "  locked" if cluster.locked else ""
        screen.indented(out, f"{cluster.id}{called}{locked}  {_told(cluster.members)}")


def _told(members: Sequence[str]) -> str:
    return f"{', '.join(members)} (alone)" if len(members) == 1 else ", ".join(members)
