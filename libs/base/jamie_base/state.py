"""The state folder: the redaction key, audit logs, undo records; for its owner's eyes only."""

import errno
import os
import stat
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from platformdirs import user_state_path

# Windows has neither; there is_symlink has to do. O_NONBLOCK keeps a pipe from blocking the open.
_CAREFUL = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)


def state_dir(configured: Path | None = None) -> Path:
    """Give the state folder, made 0700 where it is missing; the platform's unless configured.

    Raises OSError when it cannot be made.
    """
    return private_dir(configured.expanduser() if configured else user_state_path("jamie", False))


def private_dir(path: Path) -> Path:
    """Make a folder that only we can open, and what is above it, where they are missing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.mkdir(mode=0o700, exist_ok=True)
    return path


def private_file(path: Path, content: bytes) -> None:
    """Write a file of mode 0600 at once: readers see the old content or the new, never half.

    A symlink in its place is replaced, not followed. Raises OSError.
    """
    with _draft(path, content) as draft:
        draft.replace(path)


def private_once(path: Path, content: bytes) -> bytes:
    """Write a file of mode 0600 unless it exists, and give what it holds, ours or the first's.

    Processes that race agree on one content. Raises OSError, also for a symlink in its place.
    """
    with _draft(path, content) as draft:
        try:
            path.hardlink_to(draft)
        except FileExistsError:
            return read_private(path)

    return content


def read_private(path: Path) -> bytes:
    """Read a file of ours. Raises OSError, also when it is a symlink."""
    with os.fdopen(open_private(path, os.O_RDONLY), "rb") as file:
        return file.read()


def open_private(path: Path, flags: int) -> int:
    """Open a regular file, made 0600 where it is missing, and give its descriptor.

    Raises OSError, also when a symlink, a device or a pipe stands in its place.
    """
    if path.is_symlink():
        raise OSError(errno.ELOOP, "a symlink stands in its place", str(path))

    descriptor = os.open(path, flags | _CAREFUL, 0o600)
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        return descriptor

    os.close(descriptor)
    raise OSError(errno.EINVAL, "not a regular file", str(path))


@contextmanager
def _draft(path: Path, content: bytes) -> Generator[Path]:
    """Hold a finished file beside `path` (mkstemp makes it 0600) while the block moves it."""
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    draft = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        yield draft
    finally:
        draft.unlink(missing_ok=True)
