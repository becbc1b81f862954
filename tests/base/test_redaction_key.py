"""The key of the marks: shared by all servers, kept where nobody else reads it."""

import logging
import stat
from pathlib import Path

import pytest

from jamie_base.redact import KEY_FILE, Redactor, redaction_key

SECRET = "hX7kq2pLw9Zt"


def test_servers_that_share_a_state_folder_share_the_key(tmp_path: Path) -> None:
    key = redaction_key(tmp_path / "state")

    assert redaction_key(tmp_path / "state") == key
    assert len(key) == 32
    assert stat.S_IMODE((tmp_path / "state" / KEY_FILE).stat().st_mode) == 0o600


def test_a_configured_key_needs_no_state_folder(tmp_path: Path) -> None:
    key = redaction_key(tmp_path / "state", "correct horse")

    assert key == redaction_key(tmp_path / "other", "correct horse")
    assert key != redaction_key(tmp_path / "other", "battery staple")
    assert list(tmp_path.iterdir()) == []


def test_without_a_place_for_the_key_redaction_still_works(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "state").write_text("a file where the folder should be")
    with caplog.at_level(logging.WARNING):
        key = redaction_key(tmp_path / "state")

    assert Redactor(key).value(SECRET) != SECRET
    assert "no shared redaction key" in caplog.text


def test_a_damaged_key_file_is_reported_and_not_used(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / KEY_FILE).write_bytes(b"")
    with caplog.at_level(logging.WARNING):
        key = redaction_key(tmp_path)

    assert len(key) == 32
    assert "cut short" in caplog.text
