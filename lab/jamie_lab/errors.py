"""What can go wrong in the lab.

LabError
├── NotUp            the lab is not running, or not this one
├── BuildFailed      a program could not be built, or no Go is there to build it
├── NotReady         a component did not become ready in time
├── NoSuchPart       the lab has no component of that name
└── BadScenario      a scenario does not exist, or its file does not make sense
"""


class LabError(Exception):
    """A sentence for the person at the terminal."""


class NotUp(LabError):
    """The lab is not running."""


class BuildFailed(LabError):
    """A program of the lab could not be built."""


class NotReady(LabError):
    """A component did not become ready in time."""


class NoSuchPart(LabError):
    """The lab has no component of that name."""


class BadScenario(LabError):
    """A scenario is unknown or inconsistent."""
