"""For QA: try a terminal, a secure module or a host under a schedule of faults, and the zoo that
shows that the judge can fail.

`posemu.testing.strategies` makes schedules for Hypothesis and needs that package; nothing else here
does.
"""

from posemu.testing.trial import assert_safe, broken_rules, fault, small_shop, story, try_schedule

__all__ = ["assert_safe", "broken_rules", "fault", "small_shop", "story", "try_schedule"]
