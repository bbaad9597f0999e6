"""Term statistics that ship, counted on our own texts."""

import numpy as np

from corpora import load_sample
from service import wiring
from service.fit import reference


def test_what_ships_is_what_the_command_counts():
    """The file is small, and of the texts as they are now."""
    found, shipped = reference.fitted(), wiring.reference_statistics()
    assert (found.texts, found.mean_length) == (shipped.texts, shipped.mean_length)
    assert np.array_equal(found.frequency, shipped.frequency)


def test_nothing_of_the_half_that_is_measured_on_is_counted():
    """Neither needs nor solutions of the test half."""
    sample = load_sample()
    measured = {id_ for id_, split in sample.splits.items() if split == "test"}
    assert measured
    assert measured.isdisjoint(record.id for record in reference.texts())


def test_the_command_writes_the_file(monkeypatch, tmp_path):
    """To the place it is read from."""
    (tmp_path / "reference").mkdir()
    monkeypatch.setattr(reference.models, "__file__", str(tmp_path / "__init__.py"))
    monkeypatch.setattr(reference, "texts", lambda: load_sample().needs[:3])
    reference.main()
    written = tmp_path / wiring.REFERENCE
    assert reference.TermStatistics.load(written.read_bytes(), written.name).texts == 3
