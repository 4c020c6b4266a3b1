"""Time, chance and trace. Knows nothing of payments.

`Clock` is virtual time in whole microseconds; `Task` drives a generator in it; `Streams` and
`Keyed` are chance that can be repeated; `Trace` is what happened, with its digest.
"""

from posemu.sim.chance import Keyed, Stream, Streams
from posemu.sim.clock import US_PER_S, Clock, Timer
from posemu.sim.distributions import (
    Constant,
    Distribution,
    Exponential,
    Lognormal,
    Uniform,
    Weibull,
)
from posemu.sim.garbage import rare_collection
from posemu.sim.task import Story, Task, Wait
from posemu.sim.trace import (
    Data,
    Event,
    Gate,
    JsonLines,
    Memory,
    Observer,
    Trace,
    Voice,
    as_json_line,
)

__all__ = [
    "US_PER_S",
    "Clock",
    "Constant",
    "Data",
    "Distribution",
    "Event",
    "Exponential",
    "Gate",
    "JsonLines",
    "Keyed",
    "Lognormal",
    "Memory",
    "Observer",
    "Story",
    "Stream",
    "Streams",
    "Task",
    "Timer",
    "Trace",
    "Uniform",
    "Voice",
    "Wait",
    "Weibull",
    "as_json_line",
    "rare_collection",
]
