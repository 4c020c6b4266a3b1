"""Bytes from outside: one target per decoder, held to one contract, by a kept corpus, by Hypothesis
and by a coverage-guided fuzzer (`make fuzz`)."""
