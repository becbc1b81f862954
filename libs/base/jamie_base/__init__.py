"""What every Jamie server shares: serving tools safely and reaching a backend."""

import sys

# Where rich and click are installed httpx imports them for its command line: 30 ms of every start
# that a server has no use for. Without the module httpx does as it does where they are missing.
sys.modules.setdefault("httpx._main", None)  # pyright: ignore[reportArgumentType]  # documented
