import base64

import bcrypt
import pytest

from anthropic_exporter.web.passwords import Passwords, credentials

USERS = {"alice": bcrypt.hashpw(b"correct horse", bcrypt.gensalt(4)).decode()}


def header(text, scheme="Basic"):
    return f"{scheme} {base64.b64encode(text).decode()}"


def test_user_and_password_are_read_from_the_header():
    assert credentials(header(b"alice:a:b")) == ("alice", b"a:b")
    assert credentials(header("ä:ö".encode(), "bASIC")) == ("ä", "ö".encode())


@pytest.mark.parametrize(
    "bad", ["", "Basic", "Basic !", header(b"alice"), header(b"a:b", "Bearer"), header(b"\xff:b"), "Basic " + "A" * 9]
)
def test_anything_else_is_no_credentials(bad):
    assert credentials(bad) is None


def test_the_right_password_is_remembered_and_no_other():
    passwords = Passwords()
    assert not passwords.remembers(USERS, "alice", b"correct horse")
    assert passwords.check(USERS, "alice", b"correct horse")
    assert passwords.remembers(USERS, "alice", b"correct horse")
    assert not passwords.check(USERS, "alice", b"wrong")
    assert not passwords.remembers(USERS, "alice", b"wrong")
    assert not passwords.remembers(USERS, "bob", b"correct horse")


def test_what_is_remembered_ends_with_the_hash():
    passwords = Passwords()
    assert passwords.check(USERS, "alice", b"correct horse")
    again = {"alice": bcrypt.hashpw(b"correct horse", bcrypt.gensalt(4)).decode()}
    assert not passwords.remembers(again, "alice", b"correct horse")
    assert not passwords.remembers({}, "alice", b"correct horse")


def test_memory_is_bounded_and_holds_no_password():
    passwords = Passwords()
    assert passwords.check(USERS, "alice", b"correct horse")
    users = {f"user{number}": USERS["alice"] for number in range(120)}
    for user in users:
        assert passwords.check(users, user, b"correct horse")
    assert len(passwords._known) == 100
    assert not passwords.remembers(USERS, "alice", b"correct horse")
    assert not any(b"horse" in digest for digest in passwords._known)


def test_an_unknown_user_costs_as_much_as_a_known_one(monkeypatch):
    costs = []
    compare = bcrypt.checkpw
    monkeypatch.setattr(bcrypt, "checkpw", lambda given, hashed: costs.append(hashed[4:6]) or compare(given, hashed))
    users = {**USERS, "slow": bcrypt.hashpw(b"x", bcrypt.gensalt(6)).decode()}
    assert not Passwords().check(users, "nobody", b"x")
    assert costs == [b"06"]


def test_bytes_beyond_those_of_bcrypt_change_nothing():
    users = {"alice": bcrypt.hashpw(b"x" * 72, bcrypt.gensalt(4)).decode()}
    assert Passwords().check(users, "alice", b"x" * 80)
    assert not Passwords().check(users, "alice", b"x" * 71)


@pytest.mark.parametrize("variant", ["2a", "2b", "2y"])
def test_every_name_of_the_same_bcrypt_is_taken(variant):
    users = {"alice": USERS["alice"].replace("$2b$", f"${variant}$")}
    assert Passwords().check(users, "alice", b"correct horse")
