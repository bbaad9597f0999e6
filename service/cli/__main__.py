"""`python -m service.cli`: the command without its installed name."""

from service.cli import main

main()
