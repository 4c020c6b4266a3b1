"""The shop's calendar clock: virtual time 0 is the opening on the scenario's date."""

from __future__ import annotations

from datetime import date, timedelta

_DAY_US = 86_400_000_000


class Calendar:
    """Turns virtual µs into the local time and date that terminals and hosts print and send."""

    __slots__ = ("_day", "_days", "_midnight_us")

    def __init__(self, day: date, opening_us: int) -> None:
        """`opening_us`: µs from midnight to the opening."""
        self._day = day
        self._midnight_us = opening_us
        self._days: dict[int, tuple[str, str]] = {}

    def time_and_date(self, now_us: int) -> tuple[str, str]:
        """HHMMSS and MMDD (DE12, DE13)."""
        days, rest_us = divmod(self._midnight_us + now_us, _DAY_US)
        minutes, seconds = divmod(rest_us // 1_000_000, 60)
        hours, minutes = divmod(minutes, 60)
        return f"{hours:02d}{minutes:02d}{seconds:02d}", self._date(days)[0]

    def today(self, now_us: int) -> str:
        """YYMMDD."""
        monthday, yearmonth = self._date((self._midnight_us + now_us) // _DAY_US)
        return yearmonth[:2] + monthday

    def year_month(self, now_us: int) -> str:
        """YYMM, as expiry dates are written."""
        return self._date((self._midnight_us + now_us) // _DAY_US)[1]

    def hour(self, now_us: int) -> str:
        """The hour of the day, "07"."""
        return f"{(self._midnight_us + now_us) % _DAY_US // 3_600_000_000:02d}"

    def _date(self, days: int) -> tuple[str, str]:
        known = self._days.get(days)
        if known is None:
            day = self._day + timedelta(days=days)
            known = (f"{day.month:02d}{day.day:02d}", f"{day.year % 100:02d}{day.month:02d}")
            self._days[days] = known
        return known
