"""Values by which an issuer knows that card data is genuine and not written down or made up.

    CVV     on the stripe; CVC of Mastercard is the same
    CVV2    printed on the card: the CVV with service code 000
    iCVV    in the chip's track 2: the CVV with service code 999
    CAVV    of one 3-D Secure purchase
    dCVV    of one contactless stripe transaction (Visa): the ATC is in it
    CVC3    of one contactless stripe transaction (Mastercard): the ATC and a number of the reader

The first four are computed under the issuer's card verification keys; the last two under a key of
the card, which `icc_master_key` derives from the issuer's.
"""

from posemu.crypto.digits import check_digits, digits_of_cipher
from posemu.crypto.errors import BadCardData, BadKey
from posemu.crypto.keys import Key, KeyType
from posemu.crypto.mac.iso9797 import retail_mac
from posemu.crypto.tdes import TDES_BLOCK, tdes_encryptor

CVV2_SERVICE_CODE = "000"
ICVV_SERVICE_CODE = "999"


def cvv(key: Key, pan: str, expiry: str, service_code: str) -> str:
    """The three digit card verification value (Visa, Mastercard).

    `key` is the pair of card verification keys A and B (TDES2), `pan` up to 19 digits, `expiry`
    four digits in the order the issuer chose, `service_code` three digits: the card's own, or one
    of the constants above. Raises BadKey, or BadCardData for the others.
    """
    check_digits("a PAN", pan, 1, 19)
    check_digits("an expiry date", expiry, 4, 4)
    check_digits("a service code", service_code, 3, 3)
    return _verification_value(key, pan + expiry + service_code)


def cavv(
    key: Key, pan: str, unpredictable_number: str, auth_result: str, second_factor: str
) -> str:
    """The three digits of a 3-D Secure cardholder authentication verification value (Visa).

    It is the CVV with the `unpredictable_number` of four digits in place of the date, and the
    result codes of the authentication (one digit) and of its second factor (two) in place of the
    service code. Raises BadKey, or BadCardData for the others.
    """
    check_digits("a PAN", pan, 1, 19)
    check_digits("an unpredictable number", unpredictable_number, 4, 4)
    check_digits("an authentication result code", auth_result, 1, 1)
    check_digits("a second factor result code", second_factor, 2, 2)
    return _verification_value(key, pan + unpredictable_number + auth_result + second_factor)


def dcvv(icc_key: Key, pan: str, expiry: str, service_code: str, atc: bytes) -> str:
    """The three digits of a dynamic card verification value (Visa contactless stripe mode).

    It is the CVV under the card's own key (TDES2), with the four nibbles of the two byte `atc` in
    place of the first four digits of the PAN. Raises BadKey, or BadCardData for the others.
    """
    check_digits("a PAN", pan, 4, 19)
    check_digits("an expiry date", expiry, 4, 4)
    check_digits("a service code", service_code, 3, 3)
    _check_length("an ATC", atc, 2)
    return _verification_value(icc_key, atc.hex() + pan[4:] + expiry + service_code)


def iv_cvc3(icc_key: Key, track_template: bytes) -> bytes:
    """The two bytes that stand for the static track data in a CVC3: the end of its MAC.

    `track_template` is what the card holds: track 2 as in tag 57, track 1 as ASCII. Raises BadKey
    if `icc_key` is not a TDES2 key. Mastercard, EMV contactless book C-2, annex.
    """
    _check_pair(icc_key)
    return retail_mac(icc_key, track_template, 2)[-2:]


def cvc3(icc_key: Key, iv: bytes, atc: bytes, unpredictable_number: bytes) -> str:
    """The five digits of a dynamic card verification code (Mastercard contactless stripe mode).

    `iv` is `iv_cvc3`, `atc` two bytes, `unpredictable_number` four. Of the digits a track carries
    the last ones, as many as it has room for. Raises BadKey if `icc_key` is not a TDES2 key,
    BadCardData for lengths.
    """
    _check_pair(icc_key)
    _check_length("an IV CVC3", iv, 2)
    _check_length("an ATC", atc, 2)
    _check_length("an unpredictable number", unpredictable_number, 4)
    cipher = tdes_encryptor(icc_key.expose())(iv + unpredictable_number + atc)
    return f"{int.from_bytes(cipher[-2:]):05}"


def _verification_value(key: Key, nibbles: str) -> str:
    """Three digits of up to 32 nibbles under a pair of keys: the first block under key A alone,
    the second, chained to it, under both.
    """
    _check_pair(key)
    raw = key.expose()
    data = bytes.fromhex(f"{nibbles:0<32}")
    first = int.from_bytes(tdes_encryptor(raw[:TDES_BLOCK])(data[:TDES_BLOCK]))
    chained = (first ^ int.from_bytes(data[TDES_BLOCK:])).to_bytes(TDES_BLOCK)
    return digits_of_cipher(tdes_encryptor(raw)(chained), 3)


def _check_pair(key: Key) -> None:
    if key.key_type is not KeyType.TDES2:
        raise BadKey(f"a card verification key is a pair (TDES2), not {key.key_type.name}")


def _check_length(what: str, data: bytes, length: int) -> None:
    if len(data) != length:
        raise BadCardData(f"{what} has {length} bytes, not {len(data)}")
