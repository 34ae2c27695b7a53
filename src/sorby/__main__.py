"""``python -m sorby``: the same as ``sorby``."""

import sys

from sorby.cli import main

if __name__ == "__main__":
    sys.exit(main())
