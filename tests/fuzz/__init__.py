"""Fuzzing: many wrong inputs for everything that reads what strangers send. `python -m tests.fuzz`."""
