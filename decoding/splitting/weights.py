"""How much each piece of evidence says, in log-odds: `python -m benchmarks.splitting --fit` makes them."""

from __future__ import annotations

from collections.abc import Mapping

BIAS = -4.16
WEIGHTS: Mapping[str, float] = {
    "amid": 0.01,
    "caption": 0.17,
    "caption_new": 0.53,
    "captions_same": -0.14,
    "carried": -0.37,
    "dated": 1.02,
    "dated_again": 0.24,
    "heads_changed": 0.77,
    "heads_changed_only": 0.33,
    "height": 1.20,
    "labels_changed": 0.26,
    "no_shared_code": 1.51,
    "number_awaited": -1.46,
    "number_first": 1.20,
    "number_first_of": 0.61,
    "number_follows": -2.21,
    "number_last_before": 0.64,
    "number_later": -0.46,
    "number_missing": 0.48,
    "number_more_before": -2.07,
    "open": -1.08,
    "particulars": 1.30,
    "rows_above": -0.19,
    "short_after": 0.05,
    "short_before": 1.28,
    "signed_before": 0.77,
    "size": 3.44,
    "source": 1.46,
    "title": 0.98,
    "title_gone": -1.19,
    "totals_before": 1.21,
    "vocabulary": -0.37,
    "vocabulary_other": 1.04,
}
