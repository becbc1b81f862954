"""Claims of devices and what nodes offer, as far as it is looked at."""

import msgspec

from jamie_kubernetes.client.objects import Meta


class _Wire(msgspec.Struct, frozen=True, rename="camel"):
    pass


class Exactly(_Wire, frozen=True):
    """A request for devices of one class."""

    device_class_name: str = ""


class DeviceRequest(_Wire, frozen=True):
    """What is asked for: of one class, or the first that is to be had; older APIs say it bare."""

    exactly: Exactly | None = None
    first_available: tuple[Exactly, ...] = ()
    device_class_name: str = ""

    @property
    def classes(self) -> list[str]:
        """Return the classes it would take."""
        asked = (self.exactly, *self.first_available)
        names = [one.device_class_name for one in asked if one]
        return [name for name in (*names, self.device_class_name) if name]


class Asked(_Wire, frozen=True):
    """The requests of a claim."""

    requests: tuple[DeviceRequest, ...] = ()


class DeviceClaimSpec(_Wire, frozen=True):
    """What a claim is for."""

    devices: Asked = Asked()


class Given(_Wire, frozen=True):
    """A device that a claim got."""

    driver: str = ""
    pool: str = ""
    device: str = ""


class Results(_Wire, frozen=True):
    """The devices that a claim got."""

    results: tuple[Given, ...] = ()


class Allocation(_Wire, frozen=True):
    """What a claim got."""

    devices: Results = Results()


class DeviceClaimStatus(_Wire, frozen=True):
    """What became of a claim."""

    allocation: Allocation | None = None


class ResourceClaim(_Wire, frozen=True):
    """A claim of devices."""

    metadata: Meta
    spec: DeviceClaimSpec = DeviceClaimSpec()
    status: DeviceClaimStatus = DeviceClaimStatus()

    @property
    def classes(self) -> list[str]:
        """Return the classes it asks for."""
        every = (name for one in self.spec.devices.requests for name in one.classes)
        return [*dict.fromkeys(every)]

    @property
    def taken(self) -> int:
        """Count the devices it got."""
        return len(self.status.allocation.devices.results) if self.status.allocation else 0


class Device(_Wire, frozen=True):
    """A device that is offered."""

    name: str = ""


class SliceSpec(_Wire, frozen=True):
    """What a driver offers."""

    driver: str = ""
    devices: tuple[Device, ...] = ()


class ResourceSlice(_Wire, frozen=True):
    """Some of the devices that a driver offers."""

    metadata: Meta
    spec: SliceSpec = SliceSpec()
