"""The figures of bench/redaction.py are only as good as its scoring: each definition on a text that is counted by hand."""

import json
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "bench"))

import redaction
import redaction_score as scoring


def record(text, secrets=(), soft=(), source="synthetic", name="r"):
    spans = {"secrets": secrets, "soft": soft}
    labels = {key: [{"start": start, "end": end} for start, end in value] for key, value in spans.items()}
    return {"id": name, "text": text, "source": source, "family": "f", **labels}


@pytest.mark.parametrize(
    ("spans", "found", "full", "false_positives"),
    [
        ([(10, 20)], 1, 1, 0),
        ([(13, 20)], 1, 1, 0),
        ([(14, 20)], 1, 0, 0),
        ([(15, 20)], 1, 0, 0),
        ([(16, 20)], 0, 0, 0),
        ([(10, 13), (12, 16)], 1, 0, 0),
        ([(0, 5)], 0, 0, 1),
        ([(0, 5), (4, 8)], 0, 0, 1),
        ([(0, 4), (4, 8)], 0, 0, 2),
        ([(0, 11)], 0, 0, 0),
        ([(22, 24)], 0, 0, 0),
        ([(20, 22)], 0, 0, 1),
        ([], 0, 0, 0),
    ],
)
def test_a_secret_of_ten_characters_and_a_soft_span(spans, found, full, false_positives):
    counted = scoring.tally(record("x" * 40, secrets=[(10, 20)], soft=[(22, 26)]), spans)
    assert (counted.found, counted.full, counted.false_positives) == (found, full, false_positives)


def test_sources_are_pooled_by_what_they_have():
    records = {
        one["id"]: one
        for one in [
            record("x" * 20, secrets=[(0, 10)], name="a"),
            record("x" * 20, secrets=[(0, 10)], name="b"),
            record("x" * 20, source="synthetic-negative", name="c"),
            record("x" * 20, source="natural-negative", name="d"),
        ]
    }
    spans = {"a": [(0, 10), (15, 18)], "c": [(0, 3), (4, 6)], "d": [(1, 2)]}
    result = scoring.score(records, spans)
    assert result.pooled.recall == 0.5
    assert result.pooled.precision == 0.5
    assert result.hard_negatives.false_positives == 2
    assert result.clean.false_positives_per_mb == pytest.approx(1 / 20e-6)
    assert result.by_family["synthetic: f"].secrets == 2


def test_bytes_become_code_points():
    assert scoring.code_points("aé密🔑z", [(1, 3), (3, 10), (10, 11)]) == [(1, 2), (2, 4), (4, 5)]


def test_a_label_file_names_each_record_once(tmp_path):
    path = tmp_path / "labels.jsonl"
    path.write_text(json.dumps(record("x")) + "\n")
    assert list(scoring.read_labels([path])) == ["r"]
    with pytest.raises(ValueError, match="twice"):
        scoring.read_labels([path, path])


def test_gitleaks_secret_is_found_in_its_line():
    text = "key = abc123\nother\nkey = abc123\n"
    found = {"StartLine": 3, "Match": "key = abc123", "Secret": "abc123"}
    assert redaction.Gitleaks.locate(text, found) == (25, 31)
    assert redaction.Gitleaks.locate(text, found | {"StartLine": 1}) == (6, 12)
    assert redaction.Gitleaks.locate(text, found | {"Match": "gone", "Secret": "gone"}) is None
