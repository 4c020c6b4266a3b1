"""An issuer derives the keys of all its cards from one master key, and may keep its cipher."""

import pyemv
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from posemu.crypto import BadCardData, BadKey, Key, KeyType
from posemu.crypto.emv.keys import icc_master_keys_under

# The other library uses TripleDES in ways that are going away; our own code must not.
pytestmark = pytest.mark.filterwarnings(
    "ignore::cryptography.utils.CryptographyDeprecationWarning:pyemv"
)

ISSUER_KEY = bytes.fromhex("0123456789ABCDEFFEDCBA9876543210")
PEERS = {"A": pyemv.kd.derive_icc_mk_a, "B": pyemv.kd.derive_icc_mk_b}

cards = st.tuples(
    st.text("0123456789", min_size=12, max_size=19), st.text("0123456789", min_size=2, max_size=2)
)


@settings(deadline=None)
@given(st.sampled_from(sorted(PEERS)), st.lists(cards, min_size=1, max_size=4))
def test_one_card_leaves_no_trace_in_the_next(option, issued):
    """Whatever cards came before, each gets pyemv's key; a refused one does no harm."""
    key_of = icc_master_keys_under(Key(ISSUER_KEY, KeyType.TDES2), option)
    for pan, psn in issued:
        assert key_of(pan, psn).expose() == PEERS[option](ISSUER_KEY, pan, psn)
        with pytest.raises(BadCardData):
            key_of(pan, "x")


def test_the_issuer_key_is_checked_before_the_first_card():
    """Another type of key and an unknown option are refused at once."""
    with pytest.raises(BadKey, match="options"):
        icc_master_keys_under(Key(ISSUER_KEY, KeyType.TDES2), "C")
    with pytest.raises(BadKey, match="two parts"):
        icc_master_keys_under(Key(ISSUER_KEY), "A")
