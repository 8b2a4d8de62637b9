"""`python -m monitor` is `muster`."""

from monitor.cli import main

main()
