"""What every Jamie server shares: serving tools safely and reaching a backend."""

import gc
import sys

# A server imports much that stays and builds large answers that go whole: collecting in the middle
# of either finds nothing and costs a tenth of the start.
gc.set_threshold(50_000, 20, 20)

# Where rich and click are installed httpx imports them for its command line: 30 ms of every start
# that a server has no use for. Without the module httpx does as it does where they are missing.
sys.modules.setdefault("httpx._main", None)  # pyright: ignore[reportArgumentType]  # documented
