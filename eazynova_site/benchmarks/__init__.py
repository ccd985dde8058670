"""Measures this machine's PostgreSQL and Redis under many orders, and writes docs/benchmarks.md.

Called by `make bench`. Nothing imports it.
"""
