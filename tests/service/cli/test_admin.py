"""`admin`: a script sets up organisations, users and tokens, and is never asked anything."""

import io
import json
from datetime import UTC, datetime

import pytest
from argon2 import PasswordHasher
from sqlalchemy import select

from service.rights.policy import Role, Scope
from service.security import identify, passwords
from service.settings import ServerSettings
from service.store.database import open_database
from service.store.tables import AuditRow, TokenRow, UserRow

NETWORK = {
    "organisations": [
        {
            "id": "office",
            "name": "Network office",
            "kind": "network",
            "users": [{"email": "root@office.example", "role": "administrator"}],
        },
        {
            "name": "Civil Rescue",
            "kind": "contracting_authority",
            "country": "MT",
            "contact": "tenders@rescue.example",
            "users": [
                {"email": "Ana@rescue.example", "role": "procurer", "password": "seven green lamps at noon"},
                {"email": "pia@rescue.example", "role": "legal", "tokens": []},
                {
                    "email": "kai@rescue.example",
                    "role": "national_contact",
                    "tokens": [
                        {"name": "read", "scopes": ["read"], "expires_days": 30},
                        {"name": "all", "scopes": ["read", "write", "admin"]},
                    ],
                },
            ],
        },
    ]
}


@pytest.fixture(autouse=True)
def quick_hashes(monkeypatch):
    """Hash with the least work, and leave the environment's database alone."""
    monkeypatch.setattr(passwords, "_hasher", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    monkeypatch.delenv("NEEDMATCH_DATABASE", raising=False)


@pytest.fixture
def admin(needmatch, monkeypatch):
    """Runs `needmatch admin`, with something on standard input."""

    def run(*arguments, stdin=""):
        monkeypatch.setattr("sys.stdin", io.StringIO(stdin))
        return needmatch("admin", *arguments)

    return run


@pytest.fixture
def database(tmp_path):
    """The database as the command left it."""
    opened = open_database(f"sqlite:///{tmp_path / 'data' / 'needmatch.db'}")
    yield opened
    opened.close()


@pytest.fixture
def network_file(tmp_path):
    """A file with a network."""
    file = tmp_path / "network.json"
    file.write_text(json.dumps(NETWORK), encoding="utf-8")
    return file


def organisation(admin, *more):
    """Make the organisation of these tests."""
    named = ("--name", "Civil Rescue", "--kind", "contracting_authority", "--country", "MT")
    return admin("organisation", *named, *more)


def user(admin, *more, role="procurer", **named):
    """Make the user of these tests."""
    told = ("--organisation", "Civil Rescue", "--email", "Ana@rescue.example", "--role", role)
    return admin("user", *told, *more, **named)


def known(database, token):
    """The viewer behind a token."""
    return identify.identify(
        database,
        ServerSettings(),
        authorization=f"Bearer {token}",
        cookie=None,
        csrf=None,
        at=datetime.now(UTC),
    )


def test_each_command_prints_what_the_next_one_needs(admin, database):
    """Ids and the token stand alone on standard output."""
    made = organisation(admin)
    assert (made.code, len(made.lines), made.err) == (0, 1, "")
    person = user(admin, "--password-stdin", stdin="seven green lamps at noon\n")
    assert (person.code, len(person.lines)) == (0, 1)
    token = admin("token", "--email", "ana@rescue.example", "--scopes", "read, write", "--expires-days", "9")
    assert (token.code, len(token.lines)) == (0, 1)
    viewer = known(database, token.lines[0])
    assert (viewer.user_id, viewer.organisation_id) == (person.lines[0], made.lines[0])
    assert (viewer.role, viewer.vetted, viewer.country) == (Role.PROCURER, True, "MT")
    assert viewer.scopes == {Scope.READ, Scope.WRITE}
    with database.read() as session:
        kept = session.scalars(select(UserRow)).one()
        assert passwords.matches("seven green lamps at noon", kept.password_hash)
        assert kept.email == "ana@rescue.example"
        actions = session.scalars(select(AuditRow.action).order_by(AuditRow.id)).all()
        assert actions == ["organisation.create", "user.create", "token.create"]


def test_nobody_has_a_password_that_was_not_given(admin, database):
    """There is no default password; without one, one comes in by token or provider."""
    organisation(admin)
    assert user(admin, "--no-password", role="administrator").code == 0
    with database.read() as session:
        assert session.scalars(select(UserRow.password_hash)).one() is None


def test_as_json_all_is_told(admin):
    """Everything that was made, but secrets only where they are new."""
    made = organisation(admin, "--id", "rescue-mt", "--no-vetted", "--json").json
    assert (made["id"], made["vetting"], made["made"]) == ("rescue-mt", "pending", True)
    assert user(admin, "--json").json["has_password"] is False
    token = admin("token", "--email", "ana@rescue.example", "--json").json
    assert token["token"].startswith("nm_")
    assert token["expires_at"] is None
    listed = admin("list", "--json")
    assert [one["email"] for one in listed.json["users"]] == ["ana@rescue.example"]
    assert token["token"] not in listed.out
    told = admin("list").out
    assert "rescue-mt  Civil Rescue  (MT; contracting_authority; pending)" in told
    assert "ana@rescue.example  (procurer)" in told


def test_what_is_there_is_an_error_unless_that_is_all_right(admin, refuses, database):
    """With --exist-ok the ids are the same, and nothing is changed."""
    ids = [organisation(admin).out, user(admin).out]
    assert "--exist-ok" in refuses(organisation(admin))
    assert "--exist-ok" in refuses(user(admin))
    stdin = "nine blue kettles in rain\n"
    again = user(admin, "--exist-ok", "--password-stdin", stdin=stdin)
    assert [organisation(admin, "--exist-ok").out, again.out] == ids
    with database.read() as session:
        assert session.scalars(select(UserRow.password_hash)).one() is None
    assert "not a legal" in refuses(user(admin, "--exist-ok", role="legal"))


def test_a_token_of_the_same_name_takes_the_place_of_the_old(admin, refuses, database):
    """The old one cannot be shown again, so it is revoked."""
    organisation(admin)
    user(admin)
    one = admin("token", "--email", "ana@rescue.example").lines[0]
    assert "command line" in refuses(admin("token", "--email", "ana@rescue.example"))
    other = admin("token", "--email", "ana@rescue.example", "--exist-ok").lines[0]
    assert known(database, other).role is Role.PROCURER
    with pytest.raises(Exception, match="revoked"):
        known(database, one)


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (["organisation", "--name", " ", "--kind", "cpb"], "name"),
        (["organisation", "--name", "A", "--kind", "club"], "kind"),
        (["organisation", "--name", "A", "--kind", "cpb", "--country", "XX"], "country"),
        (["organisation", "--name", "A", "--kind", "cpb", "--id", "a b"], "id"),
        (["user", "--organisation", "nowhere", "--email", "a@b.example", "--role", "legal"], "nowhere"),
        (["user", "--organisation", "Civil Rescue", "--email", "ab", "--role", "legal"], "email"),
        (["user", "--organisation", "Civil Rescue", "--email", "a@b.example", "--role", "king"], "role"),
        (["token", "--email", "nobody@b.example"], "admin list"),
        (["token", "--email", "ana@rescue.example", "--scopes", "all"], "scopes"),
        (["token", "--email", "ana@rescue.example", "--scopes", ","], "scopes"),
        (["token", "--email", "ana@rescue.example", "--scopes", "admin"], "admin"),
        (["disable-user", "--email", "nobody@b.example"], "nobody@b.example"),
        (["list", "--database", "mysql://x"], "postgresql"),
        (["network", "missing.json"], "missing.json"),
    ],
)
def test_foreseen_errors_are_one_line(admin, refuses, command, words):
    """What was wrong is named."""
    organisation(admin)
    user(admin)
    assert words in refuses(admin(*command))


def test_a_bad_password_is_refused_and_not_repeated(admin, refuses, database):
    """Nothing is made with it."""
    organisation(admin)
    ran = user(admin, "--password-stdin", stdin="Password2031!\n")
    assert "first that are tried" in refuses(ran)
    assert "Password2031" not in ran.err + ran.out
    with database.read() as session:
        assert session.scalars(select(UserRow)).all() == []


def test_a_password_is_changed_and_a_user_is_put_out(admin, refuses, database):
    """Its tokens end; the last administrator stays."""
    organisation(admin)
    user(admin, role="administrator")
    email = ("--email", "ana@rescue.example")
    token = admin("token", *email).lines[0]
    assert admin("password", *email, "--password-stdin", stdin="nine blue kettles in rain\n").code == 0
    with database.read() as session:
        kept = session.scalars(select(UserRow.password_hash)).one()
        assert passwords.matches("nine blue kettles in rain", kept)
    assert "last active administrator" in refuses(admin("disable-user", *email))
    told = ("--organisation", "Civil Rescue", "--email", "root@rescue.example", "--role", "administrator")
    assert admin("user", *told).code == 0
    for _ in range(2):
        assert admin("disable-user", *email).code == 0
    with pytest.raises(Exception, match="revoked"):
        known(database, token)
    assert "deactivated" in admin("list").out


def test_a_network_is_set_up_from_one_file(admin, network_file, database):
    """Users without tokens named get one; each works."""
    made = admin("network", network_file).json
    assert [one["name"] for one in made["organisations"]] == ["Network office", "Civil Rescue"]
    assert made["organisations"][0]["id"] == "office"
    assert len(made["users"]) == 4
    tokens = {(one["email"], one["name"]): one["token"] for one in made["tokens"]}
    assert set(tokens) == {
        ("root@office.example", "network"),
        ("ana@rescue.example", "network"),
        ("kai@rescue.example", "read"),
        ("kai@rescue.example", "all"),
    }
    assert known(database, tokens["root@office.example", "network"]).scopes == frozenset(Scope)
    assert known(database, tokens["ana@rescue.example", "network"]).scopes == {Scope.READ, Scope.WRITE}
    assert known(database, tokens["kai@rescue.example", "all"]).role is Role.NATIONAL_CONTACT
    assert "seven green" not in json.dumps(made)


def test_a_network_is_set_up_twice_with_the_same_ids(admin, network_file, refuses, database):
    """What is there stays; tokens are new, and the old ones end."""
    first = admin("network", network_file).json
    assert "--exist-ok" in refuses(admin("network", network_file))
    second = admin("network", network_file, "--exist-ok").json
    assert second["organisations"] == first["organisations"]
    assert second["users"] == first["users"]
    for one in second["tokens"]:
        assert known(database, one["token"]).user_id is not None
    with pytest.raises(Exception, match="revoked"):
        known(database, first["tokens"][0]["token"])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("{", "JSON"),
        ('{"organisations": [{"name": "A", "kind": "club"}]}', "organisations.0.kind"),
        ('{"organisations": [], "more": 1}', "more"),
        ("clash", "ana@rescue.example"),
        ("names", "different names"),
        ("supplier", "supplier"),
    ],
)
def test_a_network_with_a_mistake_is_not_set_up_at_all(admin, refuses, network_file, database, change, words):
    """All or none: an error in the last user leaves no organisation."""
    plan = json.loads(json.dumps(NETWORK))
    users = plan["organisations"][1]["users"]
    if change == "clash":
        users.append({"email": "ana@rescue.example", "role": "procurer"})
    elif change == "names":
        users[1]["tokens"] = [{}, {}]
    elif change == "supplier":
        plan["organisations"][1]["kind"] = "supplier"
    network_file.write_text(change if change[0] == "{" else json.dumps(plan), encoding="utf-8")
    assert words in refuses(admin("network", network_file))
    assert admin("list", "--json").json == {"organisations": [], "users": []}


def test_a_password_in_a_broken_network_is_not_repeated(admin, network_file):
    """Not even in the message about it."""
    plan = json.loads(json.dumps(NETWORK))
    plan["organisations"][1]["users"][0]["password"] = "Password2031!"
    network_file.write_text(json.dumps(plan), encoding="utf-8")
    ran = admin("network", network_file)
    assert ran.code == 2
    assert "Password2031" not in ran.out + ran.err


def test_tokens_are_kept_as_digests(admin, network_file, database):
    """What is printed is nowhere in the database."""
    made = admin("network", network_file).json
    with database.read() as session:
        kept = {row.digest for row in session.scalars(select(TokenRow))}
    assert not kept & {one["token"] for one in made["tokens"]}
