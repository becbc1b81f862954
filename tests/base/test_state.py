import os
import stat
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest
from platformdirs import user_state_path

from jamie_base.state import (
    open_private,
    private_dir,
    private_file,
    private_once,
    read_private,
    state_dir,
)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_the_state_folder_is_made_for_its_owner_only(tmp_path: Path) -> None:
    made = state_dir(tmp_path / "deep" / "state")

    assert made == tmp_path / "deep" / "state"
    assert mode(made) == 0o700


def test_the_state_folder_is_the_platforms_unless_configured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path))

    assert state_dir() == user_state_path("jamie", appauthor=False)
    assert state_dir().is_dir()


def test_a_folder_that_exists_keeps_its_mode(tmp_path: Path) -> None:
    tmp_path.chmod(0o750)

    assert mode(private_dir(tmp_path)) == 0o750


def test_a_private_file_is_replaced_at_once_and_leaves_no_draft(tmp_path: Path) -> None:
    path = tmp_path / "undo.json"
    private_file(path, b"old")
    private_file(path, b"new")

    assert path.read_bytes() == b"new"
    assert mode(path) == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_a_symlink_in_place_of_a_private_file_is_replaced_not_followed(tmp_path: Path) -> None:
    target = tmp_path / "elsewhere"
    target.write_bytes(b"untouched")
    path = tmp_path / "undo.json"
    path.symlink_to(target)
    private_file(path, b"ours")

    assert target.read_bytes() == b"untouched"
    assert not path.is_symlink()


def test_processes_that_race_to_make_a_file_agree_on_its_content(tmp_path: Path) -> None:
    path = tmp_path / "key"
    offers = [bytes([number]) * 32 for number in range(64)]
    with ThreadPoolExecutor(16) as pool:
        held = set(pool.map(partial(private_once, path), offers))

    assert held == {path.read_bytes()}
    assert mode(path) == 0o600


def test_a_symlink_in_place_of_a_private_file_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "shadow").write_bytes(b"theirs")
    (tmp_path / "key").symlink_to(tmp_path / "shadow")

    with pytest.raises(OSError, match="symlink"):
        read_private(tmp_path / "key")
    with pytest.raises(OSError, match="symlink"):
        private_once(tmp_path / "key", b"ours")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this platform has no named pipes")
def test_a_pipe_in_place_of_a_file_is_refused_without_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")

    with pytest.raises(OSError, match=r"regular file|No such device"):
        open_private(tmp_path / "pipe", os.O_WRONLY)
    with pytest.raises(OSError, match="regular file"):
        open_private(tmp_path / "pipe", os.O_RDONLY)
