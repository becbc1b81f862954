"""What pods refer to, as far as a diagnosis may know: names of keys, never their values."""

import base64
import binascii
from datetime import datetime

import msgspec

from jamie_base.errors import UNREADABLE
from jamie_kubernetes.client.managed import ManagedMeta
from jamie_kubernetes.client.objects import Meta


class _Wire(msgspec.Struct, frozen=True, rename="camel"):
    pass


class Keyed(_Wire, frozen=True):
    """A ConfigMap or Secret; its values stay undecoded."""

    metadata: ManagedMeta
    type: str = ""
    data: dict[str, msgspec.Raw] = {}
    binary_data: dict[str, msgspec.Raw] = {}

    @property
    def keys(self) -> tuple[str, ...]:
        """Return the names of its keys."""
        return (*self.data, *self.binary_data)


class _Logins(msgspec.Struct, frozen=True):
    auths: dict[str, msgspec.Raw] = {}


class PullSecretData(_Wire, frozen=True):
    """The data of a Secret of registry logins, in both its forms."""

    current: str = msgspec.field(default="", name=".dockerconfigjson")
    legacy: str = msgspec.field(default="", name=".dockercfg")


class PullSecret(_Wire, frozen=True):
    """A Secret that should hold registry logins; only the registries' names are read of them."""

    metadata: Meta
    type: str = ""
    data: PullSecretData = PullSecretData()

    def registries(self) -> tuple[str, ...]:
        """Return the registries it has a login for; none where it cannot be read."""
        try:
            if self.data.current:
                decoded = base64.b64decode(self.data.current)
                return tuple(msgspec.json.decode(decoded, type=_Logins).auths)
            if self.data.legacy:
                decoded = base64.b64decode(self.data.legacy)
                return tuple(msgspec.json.decode(decoded, type=dict[str, msgspec.Raw]))
        except (binascii.Error, *UNREADABLE):
            return ()

        return ()


class ClaimSpec(_Wire, frozen=True):
    """Which volume a claim got."""

    volume_name: str = ""


class BoundClaim(_Wire, frozen=True):
    """A PersistentVolumeClaim, as far as its volume."""

    metadata: Meta
    spec: ClaimSpec = ClaimSpec()


class LastRun(_Wire, frozen=True):
    """When a CronJob's Jobs last succeeded."""

    last_successful_time: datetime | None = None


class RunRecord(_Wire, frozen=True):
    """A CronJob, as far as how its runs went."""

    metadata: Meta
    status: LastRun = LastRun()
