"""Decimal digits: what card data is made of, and how cipher output becomes some."""

from posemu.crypto.errors import BadCardData

_LETTERS_TO_DIGITS = str.maketrans("abcdef", "012345")


def check_digits(what: str, text: str, shortest: int, longest: int) -> None:
    """Raise BadCardData unless `text` is `shortest` to `longest` decimal digits; `what` names it,
    with its article.
    """
    if not (shortest <= len(text) <= longest and text.isascii() and text.isdigit()):
        count = str(longest) if shortest == longest else f"{shortest} to {longest}"
        raise BadCardData(f"{what} has {count} decimal digits")


def digits_of_cipher(block: bytes, count: int) -> str:
    """The first `count` digits of cipher output: of its nibbles from left to right first those
    that are digits, then those that are letters, less ten.
    """
    nibbles = block.hex()
    digits = "".join(nibble for nibble in nibbles if nibble <= "9")
    letters = "".join(nibble for nibble in nibbles if nibble > "9")
    return (digits + letters.translate(_LETTERS_TO_DIGITS))[:count]
