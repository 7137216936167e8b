"""E-invoices of EN 16931 and ZUGFeRD 1: their XML to terms and rows, sums that must hold, a schema filled.

Terms are named as the shipped invoice schema names its fields, and a few more that it does not have. Whoever
has the bytes parses them in a child process (`ocr.attachments`); here is no I/O.
"""
