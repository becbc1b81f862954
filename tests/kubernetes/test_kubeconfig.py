"""Kubeconfig files, read and merged as kubectl does."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jamie_base.errors import BackendError
from jamie_kubernetes.client.kubeconfig import (
    Kubeconfig,
    Parse,
    by_client,
    quickly,
    read_kubeconfig,
)
from tests.kubernetes.wire import Json, dumps, kubeconfig

Read = Callable[..., Kubeconfig]


@pytest.fixture(params=[quickly, by_client])
def parse(request: pytest.FixtureRequest) -> Parse:
    return request.param


@pytest.fixture
def read(parse: Parse) -> Read:
    def read(*paths: Path) -> Kubeconfig:
        config = read_kubeconfig(paths, parse)
        assert config is not None

        return config

    return read


def write(path: Path, config: Json | str) -> Path:
    path.write_text(config if isinstance(config, str) else dumps(config))

    return path


def test_of_several_files_the_first_to_name_something_wins(read: Read, tmp_path: Path) -> None:
    ours = write(tmp_path / "a", kubeconfig("http://ours", token="ours"))
    theirs: Json = {**kubeconfig("http://theirs", token="theirs"), "current-context": "other"}
    theirs["contexts"].append({"name": "other", "context": {"cluster": "lab"}})

    config = read(ours, write(tmp_path / "b", theirs))

    assert config.current == "lab"
    assert config.clusters["lab"].server == "http://ours"
    assert config.users["me"].token == "ours"
    assert list(config.contexts) == ["lab", "other"]


def test_a_missing_file_among_several_is_passed_over(read: Read, tmp_path: Path) -> None:
    there = write(tmp_path / "a", kubeconfig())

    assert read(tmp_path / "none", there).files == (str(there),)


def test_no_file_at_all_is_no_kubeconfig(tmp_path: Path) -> None:
    assert read_kubeconfig([tmp_path / "none"]) is None


def test_paths_count_from_the_folder_of_their_file(read: Read, tmp_path: Path) -> None:
    config = kubeconfig("http://x", **{"client-certificate": "me.crt", "client-key": "/keys/me"})
    config["clusters"][0]["cluster"]["certificate-authority"] = "sub/ca.crt"
    config["users"][0]["user"]["exec"] = {"command": "./login", "apiVersion": "v"}

    read_back = read(write(tmp_path / "a", config))

    assert read_back.clusters["lab"].certificate_authority == str(tmp_path / "sub" / "ca.crt")
    user = read_back.users["me"]
    assert (user.client_certificate, user.client_key) == (str(tmp_path / "me.crt"), "/keys/me")
    assert user.exec_ is not None
    assert user.exec_.command == str(tmp_path / "login")


def test_a_plugin_named_without_a_folder_stays_a_name(read: Read, tmp_path: Path) -> None:
    config = kubeconfig(exec={"command": "aws", "apiVersion": "v"})

    plugin = read(write(tmp_path / "a", config)).users["me"].exec_

    assert plugin is not None
    assert plugin.command == "aws"


@pytest.mark.parametrize("text", ["", "apiVersion: v1\nkind: Config\nclusters: null\nusers:\n"])
def test_an_empty_kubeconfig_names_nothing(read: Read, tmp_path: Path, text: str) -> None:
    config = read(write(tmp_path / "a", text))

    assert (config.current, config.contexts, config.users) == ("", {}, {})


def test_malformed_yaml_is_placed_without_being_quoted(read: Read, tmp_path: Path) -> None:
    path = write(tmp_path / "a", "users:\n- name: me\n  user: {token: s3cret-token, :\n")

    with pytest.raises(BackendError) as caught:
        read(path)

    assert f"kubeconfig {str(path)!r} is not YAML" in str(caught.value)
    assert "line" in str(caught.value)
    assert "s3cret" not in str(caught.value)


def test_a_field_of_the_wrong_type_is_named(read: Read, tmp_path: Path) -> None:
    path = write(tmp_path / "a", {**kubeconfig(), "contexts": {"lab": {}}})

    with pytest.raises(BackendError, match=r"is malformed: Expected `array.*contexts"):
        read(path)


def test_a_file_that_is_no_kubeconfig_is_malformed(read: Read, tmp_path: Path) -> None:
    with pytest.raises(BackendError, match="is malformed"):
        read(write(tmp_path / "a", "just some words"))


def test_a_folder_in_place_of_the_file_says_so(read: Read, tmp_path: Path) -> None:
    with pytest.raises(BackendError, match=r"Cannot read kubeconfig .* Is a directory"):
        read(tmp_path)


def test_two_entries_of_one_name_are_refused(read: Read, tmp_path: Path) -> None:
    config = kubeconfig()
    config["users"] *= 2

    with pytest.raises(BackendError, match="has two users named 'me'"):
        read(write(tmp_path / "a", config))


def test_a_tag_that_would_run_code_is_refused(read: Read, tmp_path: Path) -> None:
    marker = tmp_path / "ran"
    path = write(tmp_path / "a", f"!!python/object/apply:os.mkdir ['{marker}']")

    with pytest.raises(BackendError, match="is not YAML"):
        read(path)
    assert not marker.exists()


@pytest.mark.parametrize("parse", [quickly, by_client], indirect=False)
@given(content=st.binary(max_size=200))
def test_any_bytes_are_read_or_refused_in_words(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, parse: Parse
) -> None:
    path = tmp_path_factory.mktemp("any") / "kubeconfig"
    path.write_bytes(content)

    try:
        read_kubeconfig([path], parse)
    except BackendError as exc:
        assert str(path) in str(exc)
