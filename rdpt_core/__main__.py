"""`python -m rdpt_core`, the same as `rdpt`."""

import sys

from rdpt_core.cli import main

if __name__ == "__main__":
    sys.exit(main())
