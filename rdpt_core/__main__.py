"""`python -m rdpt_core`."""

import sys

from rdpt_core.cli import main

if __name__ == "__main__":
    sys.exit(main())
