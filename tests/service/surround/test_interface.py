"""The interface describes itself in full."""

import pytest

from service.surround.interface import PROBLEMS


@pytest.fixture
def described(client):
    """The description of the small application."""
    return client.get("/api/v1/openapi.json").json()


def operations(described):
    """All operations with method and path."""
    return [(m, p, o) for p, item in described["paths"].items() for m, o in item.items()]


def test_it_is_openapi_3_1_and_every_operation_is_whole(described):
    """Id, summary and responses; ids are unique."""
    assert described["openapi"].startswith("3.1")
    ids = [o["operationId"] for _, _, o in operations(described)]
    assert len(ids) == len(set(ids))
    assert all(o["summary"] for _, _, o in operations(described))


def test_a_right_is_told_with_who_has_it(described):
    """`x-permission` of the route's dependency, and the ways to come in."""
    mine = described["paths"]["/api/v1/mine"]["get"]
    assert mine["x-permission"] == "account"
    assert "anybody" not in mine["x-roles"]
    assert mine["security"] == [{"bearer": []}, {"cookie": []}]
    assert mine["summary"] == "Who asks"
    open_ = described["paths"]["/api/v1/open"]["get"]
    assert {} in open_["security"]
    assert "anybody" in open_["x-roles"]
    assert set(described["components"]["securitySchemes"]) == {"bearer", "cookie"}


def test_problems_are_told_as_problems(described):
    """By what an operation takes; FastAPI's own validation error is nowhere."""
    make = described["paths"]["/api/v1/things"]["post"]
    assert {"201", "400", "401", "403", "409", "413", "415", "422", "429", "503"} <= set(make["responses"])
    thing = described["paths"]["/api/v1/things/{thing_id}"]["get"]
    assert {"404", "422"} <= set(thing["responses"])
    assert "403" not in thing["responses"]
    assert "HTTPValidationError" not in str(described)
    for status, (name, _, _) in PROBLEMS.items():
        content = described["components"]["responses"][name]["content"]["application/problem+json"]
        assert content["schema"] == {"$ref": "#/components/schemas/Problem"}
        assert content["example"]["status"] == status


def test_writes_take_a_key(described):
    """`Idempotency-Key` stands with POSTs of those who are signed in, and nowhere else."""
    for method, path, operation in operations(described):
        names = {parameter["name"] for parameter in operation.get("parameters", [])}
        expected = method == "post" and "x-permission" in operation
        assert ("Idempotency-Key" in names) is expected, path


def test_every_reference_leads_somewhere(described):
    """No schema is missing."""

    def references(value):
        if isinstance(value, dict):
            if isinstance(value.get("$ref"), str):
                yield value["$ref"]
            for inner in value.values():
                yield from references(inner)
        elif isinstance(value, list):
            for inner in value:
                yield from references(inner)

    for reference in references(described):
        found = described
        for part in reference.removeprefix("#/").split("/"):
            found = found[part]
