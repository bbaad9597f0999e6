"""Measuring: rankings, groups, and the report of both."""
