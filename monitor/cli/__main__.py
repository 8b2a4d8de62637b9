"""`python -m monitor.cli` is `muster`."""

from monitor.cli.main import main

main()
