"""Objects as YAML or JSON."""

import yaml

from jamie_kubernetes.facts.paths import written

_WIDE = 120


class _Dumper(yaml.SafeDumper):
    """Writes texts of several lines as blocks, and nothing as an alias."""

    def ignore_aliases(self, data: object) -> bool:
        """Write everything out."""
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)  # pyright: ignore[reportUnknownMemberType]  # untyped there


_Dumper.add_representer(str, _text)


def as_yaml(tree: object) -> str:
    """Write YAML in the order given."""
    text = yaml.dump(tree, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=_WIDE)
    return text.strip()


def as_json(tree: object) -> str:
    """Write JSON on one line."""
    return written(tree)
