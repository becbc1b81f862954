"""Names of images: registry, repository, tag, digest."""

import re

import msgspec

DOCKER_HUB = "docker.io"
_HUB_NAMES = ("docker.io", "index.docker.io", "registry-1.docker.io", "registry.hub.docker.com")
_INVALID = (
    (re.compile(r"^\w+://"), "an image has no scheme such as https://"),
    (re.compile(r"\s"), "it has a blank in it"),
    (
        re.compile(r"^[^@:]*(?::\d+)?/?[^@:]*[A-Z][^@:]*(?::|@|$)"),
        "a repository is in small letters",
    ),
    (re.compile(r":[^/@]*:"), "it has two tags"),
    (re.compile(r":$|@$"), "its tag or digest is empty"),
    (re.compile(r"[$<>{}]"), "a variable in it was not replaced"),
)


class ImageName(msgspec.Struct, frozen=True):
    """An image's name taken apart."""

    host: str
    repository: str
    tag: str = ""
    digest: str = ""

    @property
    def place(self) -> str:
        """Return where its versions are: `docker.io/library/nginx`."""
        return f"{self.host}/{self.repository}"

    @property
    def official(self) -> bool:
        """Tell whether it is one of Docker Hub's own, which everybody may have."""
        return self.host == DOCKER_HUB and self.repository.startswith("library/")


def image_named(text: str) -> ImageName:
    """Take a name apart as container runtimes do."""
    rest, _, digest = text.partition("@")
    last = rest.rpartition("/")[2]
    tag = last.partition(":")[2]
    path = rest.removesuffix(f":{tag}") if tag else rest
    first, slash, below = path.partition("/")
    if not slash or not ("." in first or ":" in first or first == "localhost"):
        repository = path if slash else f"library/{path}"
        return ImageName(DOCKER_HUB, repository, tag, digest)

    return ImageName(DOCKER_HUB if first in _HUB_NAMES else first, below, tag, digest)


def what_is_wrong(text: str) -> str:
    """Say why an image's name cannot be one; empty: not known."""
    return next((why for pattern, why in _INVALID if pattern.search(text)), "")


def serves(registry: str, host: str) -> bool:
    """Tell whether a login for a registry, as Secrets name them, is used for a host."""
    name = re.sub(r"^\w+://", "", registry).partition("/")[0]
    known = DOCKER_HUB if name in _HUB_NAMES else name
    if known.startswith("*."):
        return host.endswith(known[1:])

    return known == host
