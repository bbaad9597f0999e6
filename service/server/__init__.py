"""The running service: a supervisor, workers that answer requests, and a process for background jobs."""
