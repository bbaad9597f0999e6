"""What the service says of a request that it refuses can be said in every language."""

import ast
from pathlib import Path

import pytest
from pydantic import TypeAdapter, ValidationError

import service
from matcher.phrases import Phrase
from service.cooperation.stages import Stage, check_move
from service.problems import Problem, forbidden, invalid, not_found
from service.records.entering import refused
from service.schemas.organisations import Country
from service.security import passwords
from service.surround.answers import pointed

HERE = Path(service.__file__).parent
SAID = {"invalid": 1, "conflict": 0, "forbidden": 0, "unauthenticated": 0, "Problem": 2, "FieldError": 1}
"""Which argument of a call is for people."""
MACHINES = {
    "network.py", "security/identify.py", "surround/idempotency.py", "routes/health.py", "jobs/bulk.py",
}  # fmt: skip
"""What only a command, a program or a probe is told."""


def spoken():
    """Modules with their calls that say something to people."""
    for path in sorted(HERE.rglob("*.py")):
        name = path.relative_to(HERE).as_posix()
        if name in MACHINES or name.startswith(("cli/", "client/")):
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in SAID:
                yield name, node, SAID[node.func.id]


def test_no_refusal_is_plain_english():
    """Sentences that people are shown are phrases where they are written."""
    calls = list(spoken())
    found = [
        f"{name}:{call.lineno}"
        for name, call, place in calls
        if place < len(call.args) and isinstance(call.args[place], ast.Constant | ast.JoinedStr)
    ]
    assert found == []
    assert len(calls) > 100


@pytest.mark.parametrize("given", ["N-7", "{braces}"])
def test_a_problem_keeps_what_it_was_made_of(given):
    """Also at its fields; the English text is as it was."""
    problem = not_found("need", given)
    assert problem.detail == f"No need with the id '{given}' is there for you to see."
    assert isinstance(problem.detail, Phrase)
    assert problem.detail.values["given"] == given
    assert isinstance(problem.detail.values["what"], Phrase)
    assert isinstance(invalid("/a", problem.detail).errors[0].detail, Phrase)
    assert isinstance(forbidden(problem.detail).as_json()["title"], Phrase)


def test_fields_that_cannot_be_kept_are_told_in_one_phrase():
    """Each with its name, parted by semicolons."""
    told = refused([*invalid("/a", "one").errors, *invalid("", "two").errors])
    assert told.detail == "/a: one; body: two."
    assert isinstance(told.detail, Phrase)


@pytest.mark.parametrize("password", ["short", "aaaaaaaaaaaa", "ana@example.eu", "password1234", "\x00" * 12])
def test_why_a_text_is_no_password_is_a_phrase(password):
    """Whatever is wrong with it."""
    assert isinstance(passwords.refused(password, "ana@example.eu"), Phrase)


@pytest.mark.parametrize(("number", "end"), [(0, "there are 0."), (1, "there is 1.")])
def test_a_stage_counts_those_who_take_part(number, end):
    """In whole sentences."""
    with pytest.raises(Problem) as found:
        check_move(Stage.DETECTED, Stage.WORKSPACE, participants=number, agreement={}, reason="")
    said = found.value.detail
    assert said == f"The stage 'workspace' needs the interest of 2 authorities with needs in it; {end}"
    assert isinstance(said, Phrase)


def test_an_agreement_names_what_is_not_settled():
    """In one list, and at each field."""
    with pytest.raises(Problem) as found:
        check_move(Stage.MEMORANDUM, Stage.AGREEMENT, participants=2, agreement={}, reason="")
    assert found.value.detail == (
        "The stage 'agreement' needs an agreement on: who is responsible for what, "
        "which national law applies, how the participants organise themselves."
    )
    assert found.value.errors[0].detail == "say who is responsible for what"
    assert all(isinstance(error.detail, Phrase) for error in found.value.errors)


def test_what_a_schema_says_stays_a_phrase():
    """The sentence that a validator raised comes through pydantic."""
    with pytest.raises(ValidationError) as found:
        TypeAdapter(Country).validate_python("xx")
    errors = [{**one, "loc": ("body", "country")} for one in found.value.errors()]
    (said,) = pointed(errors)
    assert said.pointer == "/country"
    assert said.detail == "'xx' is no country; give two letters, such as PL"
    assert isinstance(said.detail, Phrase)
