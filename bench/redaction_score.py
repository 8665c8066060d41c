"""Scores what a redactor takes against labelled texts.

A label file has one record a line: {"id", "text", "secrets": [{"start", "end", "kind"}], "soft": [{"start", "end"}], "source",
"family"}, offsets in Unicode code points. `secrets` must go; `soft` may go or stay; whatever else goes is a false positive.

- recall: a secret counts when at least half of its characters are inside of spans
- full:   … when at most 3 of its characters are left
- false positive: a span, after overlapping ones are joined, that touches neither a secret nor a soft span
- precision: found secrets ÷ (found secrets + false positives), in the sources that have secrets
"""

import dataclasses
import json
from collections import defaultdict

LEFT_OF_FULL = 3
# Texts of the sources with this beginning are everyday ones without secrets; other sources without secrets look like they had some.
CLEAN = "natural"


@dataclasses.dataclass
class Tally:
    """What was counted in some records."""

    records: int = 0
    bytes: int = 0
    secrets: int = 0
    found: int = 0
    full: int = 0
    false_positives: int = 0

    def __add__(self, other):
        return Tally(*(getattr(self, field.name) + getattr(other, field.name) for field in dataclasses.fields(self)))

    @property
    def recall(self):
        return self.found / self.secrets if self.secrets else None

    @property
    def full_coverage(self):
        return self.full / self.secrets if self.secrets else None

    @property
    def precision(self):
        taken = self.found + self.false_positives
        return self.found / taken if taken else None

    @property
    def false_positives_per_mb(self):
        return self.false_positives / self.bytes * 1e6 if self.bytes else None


def read_labels(paths):
    """Records by id."""
    records = {}
    for path in paths:
        with open(path, encoding="utf-8") as lines:
            for line in lines:
                record = json.loads(line)
                if record["id"] in records:
                    raise ValueError(f"{path}: the id {record['id']} is there twice")
                records[record["id"]] = record
    return records


def joined(spans):
    """Spans in order; those that overlap are one."""
    whole = []
    for start, end in sorted(spans):
        if whole and start < whole[-1][1]:
            whole[-1] = (whole[-1][0], max(end, whole[-1][1]))
        else:
            whole.append((start, end))
    return whole


def tally(record, spans):
    """One record's Tally."""
    spans = joined(spans)
    secrets = [(label["start"], label["end"]) for label in record["secrets"]]
    labels = secrets + [(label["start"], label["end"]) for label in record.get("soft", [])]
    counted = Tally(records=1, bytes=len(record["text"].encode()), secrets=len(secrets))
    for start, end in secrets:
        covered = sum(max(0, min(end, span_end) - max(start, span_start)) for span_start, span_end in spans)
        counted.found += 2 * covered >= end - start
        counted.full += end - start - covered <= LEFT_OF_FULL
    counted.false_positives = sum(
        not any(span_start < end and start < span_end for start, end in labels) for span_start, span_end in spans
    )
    return counted


@dataclasses.dataclass
class Score:
    """Tallies of one engine over label files."""

    by_source: dict
    by_family: dict

    @property
    def pooled(self):
        """All sources that have secrets."""
        return sum((one for one in self.by_source.values() if one.secrets), Tally())

    @property
    def hard_negatives(self):
        without = (one for source, one in self.by_source.items() if not one.secrets and not source.startswith(CLEAN))
        return sum(without, Tally())

    @property
    def clean(self):
        return sum((one for source, one in self.by_source.items() if source.startswith(CLEAN)), Tally())


def score(records, spans):
    """`spans`: by record id, pairs of code points; a record that is not in it has none."""
    by_source, by_family = defaultdict(Tally), defaultdict(Tally)
    for record in records.values():
        counted = tally(record, spans.get(record["id"], ()))
        by_source[record["source"]] += counted
        if counted.secrets:
            by_family[f"{record['source']}: {record['family']}"] += counted
    return Score(dict(by_source), dict(by_family))


def code_points(text, spans):
    """Spans in UTF-8 bytes as ones in code points; a boundary inside of a character moves out to its beginning."""
    if text.isascii():
        return [tuple(span) for span in spans]
    encoded = text.encode()
    return [tuple(len(encoded[:at].decode("utf-8", "ignore")) for at in span) for span in spans]
