"""Benchmark runs: suites of labelled documents through the pipeline, scored, compared, ablated."""
