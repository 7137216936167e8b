"""Schemas of business documents that ship with the service.

Keys are DocILE's field names where DocILE has one (rows drop its `line_item_` prefix). Rows are
called `line_items` in every document, so that sums, evaluation and exports treat them alike.
"""
