"""The `needmatch` command."""

import sys

from service.cli.app import app


def main() -> None:
    """Run the command; errors that needmatch foresees are one message, without a traceback."""
    from matcher.errors import NeedmatchError

    try:
        app()
    except NeedmatchError as error:
        print(f"needmatch: {error}", file=sys.stderr)
        sys.exit(2)
    except BrokenPipeError:
        # The reader of a pipe has had enough (`needmatch ... | head`).
        sys.stderr.close()
        sys.exit(141)
    except OSError as error:
        if error.filename is None:
            raise
        what = f"{error.filename} cannot be used ({error.strerror}). Give one that exists and is yours."
        print(f"needmatch: {what}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        print("needmatch: stopped.", file=sys.stderr)
        sys.exit(130)
