"""Needs and solutions as users keep them: entered, changed, found, shown."""
