"""A chip transaction in a terminal's program: the kernel decides, the reader carries, people and
host are asked.

How the pieces meet, in a flow that is a program like the others:

    got = yield from reader.power_on()      # not Answered: an insertion failed; the flow counts
    outcome = yield from converse(reader, transact(terminal_data, transaction), ask)
    # then by outcome.result: commit, reverse, decline, or the stripe if outcome.fallback

    def ask(request):                           # a program, too
        match request:
            case Show(prompt): display.show(prompt)
            case AskPin(): return (yield from ...)          # waits for keys, and for CHIP
            case VerifyOffline(): return (yield from reader.transmit(module.verify_command(...)))
            case GoOnline(): return (yield from ...)        # connect, send, answer

So a chip sale takes the time that its APDUs take, and what people and line take. A power cut ends
it where it stands, as it ends every program; the terminal then calls `reader.lose_power()`. A card
pulled while somebody else is asked is found at the next command, or at once by an `ask` that also
waits for CHIP.
"""

from __future__ import annotations

from collections.abc import Callable

from posemu.sim import Story
from posemu.terminal.chip_reader import ChipReader
from posemu.terminal.kernel.kernel import Steps
from posemu.terminal.kernel.requests import Answer, Request, Transmit

Ask = Callable[[Request], Story]
"""A program that answers one request of the kernel, any but Transmit."""


def converse(reader: ChipReader, steps: Steps, ask: Ask) -> Story:
    """Carry out a kernel's transaction with the card in the reader, which has been powered on, and
    deactivate the card. Returns the kernel's `Outcome`."""
    answer: Answer = None
    while True:
        try:
            request = steps.send(answer)
        except StopIteration as end:
            outcome = end.value
            break
        if isinstance(request, Transmit):
            answer = yield from reader.transmit(request.apdu)
        else:
            answer = yield from ask(request)
    yield from reader.power_off()
    return outcome
