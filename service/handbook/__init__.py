"""What documents and the client repeat of the code, written by `make docs` so that it cannot rot."""
