"""A disk that is full, or that nobody may write to."""

from collections import Counter

from tests.running import Service, until
from tests.service.test_kill_http import send


def entered(service: Service, token: str, number: int, name: str) -> tuple[list[str], Counter[int]]:
    """Ids of the needs that were acknowledged, and how often each status was answered."""
    ids, statuses = [], Counter[int]()
    for at in range(number):
        body = {"title": f"Pump {name} {at}", "description": "It floats. " * 300}
        status, told = send(service, token, "POST", "/needs", body)
        statuses[status] += 1
        if status == 201:
            ids.append(told["id"])
        elif status == 503:
            assert told["type"].endswith("busy"), told
    return ids, statuses


def there(service: Service, token: str, ids: list[str]) -> bool:
    """Whether all of these can be read."""
    return all(send(service, token, "GET", f"/needs/{id_}")[0] == 200 for id_ in ids)


def test_a_full_disk_refuses_writes_and_loses_none(serving, disk) -> None:
    """Nobody meets with a 500; reading goes on; with room again so does writing, and all is there after."""
    small = disk(48)
    service = serving()
    token = service.people()["ana@rescue.example"]
    before, statuses = entered(service, token, 5, "before")
    assert statuses == {201: 5}
    ballast = small.fill(leave=300_000)
    meanwhile, statuses = entered(service, token, 120, "meanwhile")
    assert set(statuses) <= {201, 503}, statuses
    assert statuses[503], "the disk was never full"
    assert there(service, token, before + meanwhile)
    status, found = send(service, token, "POST", "/search/needs", {"text": "pump before", "k": 10})
    assert (status, bool(found["items"])) == (200, True)
    ballast.unlink()
    until(lambda: entered(service, token, 1, "room again")[1][201] == 1)
    after, statuses = entered(service, token, 5, "after")
    assert statuses == {201: 5}
    assert service.stop() == 0
    service.start()
    assert there(service, token, before + meanwhile + after)


def test_a_disk_full_at_the_end_costs_the_index_alone(serving, disk) -> None:
    """The index that could not be kept is made again from the database."""
    small = disk(48)
    service = serving()
    token = service.people()["ana@rescue.example"]
    ids, _ = entered(service, token, 20, "kept")
    ballast = small.fill()
    service.stop()
    ballast.unlink()
    service.start()
    assert there(service, token, ids)
    _, found = send(service, token, "POST", "/search/needs", {"text": "pump kept 7", "k": 20})
    assert {item["need"]["id"] for item in found["items"]} == set(ids)


def test_what_nobody_may_write_to_is_said_at_the_start(serving, disk) -> None:
    """A service does not come up as if all were well; with the right again it does, with all it had."""
    small = disk(48)
    service = serving()
    token = service.people()["ana@rescue.example"]
    ids, _ = entered(service, token, 5, "kept")
    assert service.stop() == 0
    small.read_only(on=True)
    try:
        service.start()
    except AssertionError as error:
        told = str(error)
    else:
        raise AssertionError("it came up")
    assert "Traceback" not in told.splitlines()[0]
    small.read_only(on=False)
    service.start()
    assert there(service, token, ids)
