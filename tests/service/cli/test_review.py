"""`review`: what analysts change, kept with the snapshot."""

import pytest


def members(loaded, need):
    """The needs of the candidate that a need is in."""
    return [member["id"] for member in loaded("candidate", need, "--json").json["members"]]


def test_groups_are_merged_and_split_and_it_is_taken_back(loaded):
    """Each edit holds in later runs, until it is undone."""
    merged = loaded("review", "merge", "N1", "N3", "--who", "Ana", "--why", "one tender").out
    assert "Edit 1: merge of N1, N2, N3, by Ana" in merged
    assert sorted(members(loaded, "N3")) == ["N1", "N2", "N3"]
    assert loaded("review", "undo", "1", "--who", "Bo").code == 0
    assert members(loaded, "N1") == ["N1", "N2"]
    assert loaded("review", "split", "N2", "--who", "Ana").code == 0
    assert "N1 stands alone" in loaded("candidate", "N1").err


def test_pairs_are_tied_and_kept_apart(loaded):
    """What must be together is, what cannot be is not."""
    assert loaded("review", "must-link", "N2", "N3", "--who", "Ana").code == 0
    assert "N3" in members(loaded, "N2")
    assert loaded("review", "cannot-link", "N1", "N2", "--who", "Ana").code == 0
    assert "N1" not in members(loaded, "N2")


def test_a_group_is_locked_named_and_unlocked(loaded):
    """The answer says so; the name stands with the candidate."""
    locked = loaded("review", "lock", "N1", "--who", "Ana", "--json").json
    assert [cluster["locked"] for cluster in locked["clusters"]] == [True]
    assert loaded("review", "rename", "N1", "Pumps [south]", "--who", "Ana").code == 0
    assert "Pumps [south]" in loaded("candidates").out
    assert loaded("candidate", "N2", "--json").json["name"] == "Pumps [south]"
    unlocked = loaded("review", "unlock", "N2", "--who", "Ana", "--json").json
    assert unlocked["number"] == 3
    assert unlocked["clusters"][0]["locked"] is False


def test_all_edits_are_listed(loaded):
    """With who, why, and whether each stands."""
    assert "Nobody has changed a group yet." in loaded("review", "list").out
    loaded("review", "lock", "N1", "--who", "Ana", "--why", "they met")
    loaded("review", "undo", "1", "--who", "Bo")
    first, second = loaded("review", "list", "--json").json
    assert (first["number"], first["op"], first["who"], first["why"]) == (1, "lock", "Ana", "they met")
    assert (first["stands"], second["op"], second["undoes"]) == (False, "undo", 1)
    text = " ".join(loaded("review", "list").out.split())
    assert "1. lock of N1, N2 Ana" in text
    assert "they met (taken back)" in text


def test_what_contradicts_is_refused_and_not_kept(loaded, refuses):
    """The message names the edit that stands against it."""
    loaded("review", "lock", "N1", "--who", "Ana", "--why", "they met")
    line = refuses(loaded("review", "must-link", "N1", "N3", "--who", "Bo"))
    assert "edit 1" in line
    assert "they met" in line
    assert len(loaded("review", "list", "--json").json) == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["merge", "N1", "N9"], "'N9'"),
        (["merge", "N1", "N2"], "are one group already"),
        (["split", "N3"], "Nothing would stay behind"),
        (["split", "N1", "N3"], "N3 is not in the group of N1"),
        (["must-link", "N1"], "2 needs or more"),
        (["cannot-link", "N1", "N9"], "'N9'"),
        (["unlock", "N1"], "nothing to unlock"),
        (["undo", "4"], "does not stand"),
    ],
)
def test_what_cannot_be_done_is_one_line(loaded, refuses, arguments, words):
    """Unknown needs, and edits that say too little, are told."""
    assert words in refuses(loaded("review", *arguments, "--who", "Ana"))
    assert loaded("review", "list", "--json").json == []


def test_somebody_has_to_decide(loaded):
    """Without a name nothing is changed."""
    ran = loaded("review", "lock", "N1")
    assert ran.code == 2
    assert "--who" in ran.err
    assert "nobody is named" in loaded("review", "lock", "N1", "--who", " ").err
