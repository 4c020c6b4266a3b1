"""Objects in the vectors' words, for the kinds that speak of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from posemu.wire.emv.tlv import Tlv, template


def told(objects: Iterable[Tlv], lengths: bool = True) -> list[dict[str, Any]]:
    """Tag, length and value or children of each object."""
    return [
        {"tag": item.tag}
        | ({"length": len(item.value)} if lengths else {})
        | (
            {"value": item.value.hex().upper()}
            if item.children is None
            else {"children": told(item.children, lengths)}
        )
        for item in objects
    ]


def meant(objects: Iterable[Mapping[str, Any]]) -> list[Tlv]:
    """And back."""
    return [
        template(item["tag"], meant(item["children"]))
        if "children" in item
        else Tlv(item["tag"], bytes.fromhex(item["value"]))
        for item in objects
    ]
