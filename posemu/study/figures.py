"""Small arithmetic of metrics: shares and quantiles."""

from __future__ import annotations

from posemu.sim import US_PER_S

US_PER_HOUR = 3_600 * US_PER_S

Values = dict[str, float | None]
"""Figures of one breakdown of one world, by metric; None where one is undefined."""


def share(part: int, whole: int) -> float | None:
    """In per cent; None of nothing."""
    return 100.0 * part / whole if whole else None


def quantile(ordered_us: list[int], q: float) -> float | None:
    """The smallest time that at least a share q did not exceed, in s."""
    if not ordered_us:
        return None
    rank = max(0, -(-int(q * 1000) * len(ordered_us) // 1000) - 1)
    return ordered_us[rank] / US_PER_S
