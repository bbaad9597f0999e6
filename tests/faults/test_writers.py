"""Two services that write to one database at once."""

import threading

from tests.running import Service, until
from tests.service.test_kill_http import send

EACH = 60


def test_two_services_share_one_folder(serving) -> None:
    """Nothing is lost or doubled, both see what either wrote, and so does a third that comes later."""
    one = serving()
    token = one.people()["ana@rescue.example"]
    other = serving()
    written: dict[str, str] = {}
    faults: list[object] = []

    def write(service: Service, name: str) -> None:
        for at in range(EACH):
            status, told = send(service, token, "POST", "/needs", {"title": f"Pump {name} {at}"})
            if status == 201:
                written[told["id"]] = f"Pump {name} {at}"
            else:
                faults.append((status, told))

    threads = [threading.Thread(target=write, args=pair) for pair in ((one, "one"), (other, "other"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not faults
    assert len(written) == 2 * EACH

    def found(service: Service) -> set[str]:
        ids, cursor = set(), ""
        while True:
            _, page = send(service, token, "GET", f"/needs?limit=100{cursor}")
            ids |= {item["id"] for item in page["items"]}
            if not page.get("next"):
                return ids
            cursor = f"&cursor={page['next']}"

    def searched(service: Service) -> bool:
        told = send(service, token, "POST", "/search/needs", {"text": "Pump", "k": 100})[1]
        return len({item["need"]["id"] for item in told["items"]} & set(written)) == 100

    for service in (one, other):
        assert found(service) == set(written)
        until(lambda service=service: searched(service), 20)
    assert (one.stop(), other.stop()) == (0, 0)
    third = serving()
    assert found(third) == set(written)
    assert searched(third)
