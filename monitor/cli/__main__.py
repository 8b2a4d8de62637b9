"""The command `muster`, also as `python -m monitor.cli`. Everything else is imported where Ctrl+C is answered."""

import sys


def main() -> None:
    """Run the command line. Ctrl+C is one line and exits with 130, also while Typer is imported."""
    try:
        from monitor.cli.main import main as run

        run()
    except KeyboardInterrupt:
        sys.stderr.write("muster: Stopped.\n")
        sys.exit(130)


if __name__ == "__main__":
    main()
