"""Application cryptograms of a card, and the issuer's answer to them (EMV Book 2, section 8).

    card     ARQC, TC or AAC   = MAC of what terminal and card say about the transaction
    issuer   ARPC              = ARQC and the issuer's answer under the same session key

The card proves that it has its key and saw these data; the ARPC proves to the card that its issuer
answered. Which data, key and padding a card uses is its cryptogram version: `versions`.
"""

from posemu.crypto.emv.keys import ac_session_key, exact, tdes2
from posemu.crypto.errors import BadCardData
from posemu.crypto.keys import Key
from posemu.crypto.mac.iso9797 import retail_mac
from posemu.crypto.tdes import TDES_BLOCK, tdes_encryptor


def application_cryptogram(
    session_key: Key, data: bytes, padding: int = 2, length: int = 8
) -> bytes:
    """The cryptogram (ARQC, TC or AAC) of `data`: the first 4 to 8 bytes of its retail MAC.

    `padding` is 2 (80, then zeros) by EMV Book 2 8.1.2 and 1 (zeros) in Visa's version 10. Raises
    BadKey if `session_key` is not TDES2, BadCardData for other paddings and lengths.
    """
    if padding not in (1, 2):
        raise BadCardData(f"a cryptogram takes padding method 1 or 2, not {padding}")
    return cut_mac(retail_mac(session_key, data, padding), length)


def arpc_method_1(session_key: Key, arqc: bytes, arc: bytes) -> bytes:
    """The 8 byte ARPC of an ARQC (8 bytes) and a response code (2 bytes); EMV Book 2 8.2.1.

    Raises BadKey if `session_key` is not TDES2, BadCardData for other lengths.
    """
    exact("an ARQC", arqc, 8)
    exact("the response code of an ARPC", arc, 2)
    block = int.from_bytes(arqc) ^ int.from_bytes(arc) << 48
    return tdes_encryptor(tdes2(session_key))(block.to_bytes(TDES_BLOCK))


def arpc_method_2(session_key: Key, arqc: bytes, csu: bytes, proprietary: bytes = b"") -> bytes:
    """The 4 byte ARPC of an ARQC (8 bytes), a card status update (4 bytes) and up to 8 bytes of
    proprietary authentication data; EMV Book 2 8.2.2.

    Raises BadKey if `session_key` is not TDES2, BadCardData for other lengths.
    """
    exact("an ARQC", arqc, 8)
    exact("a card status update", csu, 4)
    if len(proprietary) > 8:
        raise BadCardData(
            f"proprietary authentication data has at most 8 bytes, not {len(proprietary)}"
        )
    return retail_mac(session_key, arqc + csu + proprietary, 2)[:4]


def cut_mac(mac: bytes, length: int) -> bytes:
    """The first 4 to 8 bytes of a MAC; BadCardData for other lengths (EMV Book 2 A1.2.1)."""
    if not 4 <= length <= len(mac):
        raise BadCardData(f"a cryptogram or MAC of EMV has 4 to 8 bytes, not {length}")
    return mac[:length]


def card_arpc(
    icc_key: Key,
    *,
    method: int,
    session: str,
    atc: bytes,
    un: bytes,
    arqc: bytes,
    answer: bytes,
    proprietary: bytes = b"",
) -> bytes:
    """The ARPC for one card, from its master key for cryptograms.

    `method` is 1 (`answer` is the response code) or 2 (`answer` is the card status update; goes
    with the `common` session alone, as no scheme uses it with another); `session`, `atc` and `un`
    are those of `ac_session_key`. Raises BadCardData for other methods and for proprietary data in
    method 1, else as the functions above. EMV Book 2 8.2.
    """
    if method not in (1, 2):
        raise BadCardData(f"an ARPC is made by method 1 or 2, not {method}")
    if method == 2 and session != "common":
        raise BadCardData("ARPC method 2 goes with the common session key: use method 1")
    session_key = ac_session_key(session, icc_key, atc, un)
    if method == 2:
        return arpc_method_2(session_key, arqc, answer, proprietary)
    if proprietary:
        raise BadCardData("proprietary authentication data goes with ARPC method 2 alone")
    return arpc_method_1(session_key, arqc, answer)
