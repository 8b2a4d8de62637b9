"""`python -m monitor` is `muster`."""

from monitor.cli.main import main

main()
