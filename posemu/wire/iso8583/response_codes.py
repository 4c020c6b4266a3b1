"""Response codes: what field 39 of an answer says (an 2 in ISO 8583:1987 and UnionPay POS, n 3 in
ISO 8583:1993).

A code has a category, which tells a terminal what to do, and a meaning, which tells people why.
Nothing else in posemu decides by these tables: rule books say which codes end a reversal.

Where the lists come from: 1987, several public lists of the standard's codes, which agree. 1993,
public lists of the action codes, held against the code names of the jPOS common message format.
UnionPay, public lists of the POS response codes; 61, 62, 64, 65, 68, 75, 90 to 99 and A0 were not
seen in full in one list, so take them as hints. The meanings are worded in `response_meanings`.
"""

from collections.abc import Mapping
from typing import NamedTuple

from posemu.wire.errors import DecodeError
from posemu.wire.iso8583.response_meanings import MEANINGS

_1987 = {
    "approve": """
        00 approved, 08 honour_with_identification, 10 partial_approval, 11 approved_vip,
        16 approved_update_track_3
    """,
    "decline": """
        01 refer_to_issuer, 02 refer_to_issuer_special, 03 invalid_merchant, 05 do_not_honour,
        06 error, 12 invalid_transaction, 13 invalid_amount, 14 invalid_card_number,
        15 no_such_issuer, 17 customer_cancellation, 18 customer_dispute, 20 invalid_response,
        21 no_action_taken, 22 suspected_malfunction, 23 unacceptable_fee,
        24 file_update_not_supported, 25 record_not_found, 26 duplicate_record,
        27 file_update_edit_error, 28 file_locked, 29 file_update_failed, 30 format_error,
        31 bank_not_supported, 32 completed_partially, 39 no_credit_account,
        40 function_not_supported, 42 no_universal_account, 44 no_investment_account,
        51 insufficient_funds, 52 no_cheque_account, 53 no_savings_account, 54 expired_card,
        55 incorrect_pin, 56 no_card_record, 57 not_permitted_to_cardholder,
        58 not_permitted_to_terminal, 59 suspected_fraud, 60 contact_acquirer,
        61 exceeds_amount_limit, 62 restricted_card, 63 security_violation,
        64 original_amount_incorrect, 65 exceeds_frequency_limit, 66 call_acquirer_security,
        68 response_too_late, 75 pin_tries_exceeded, 90 cut_off_in_progress,
        91 issuer_inoperative, 92 no_route, 93 violation_of_law, 94 duplicate_transmission,
        95 reconcile_error, 96 system_malfunction
    """,
    "pickup": """
        04 pick_up, 07 pick_up_special, 33 expired_card, 34 suspected_fraud, 35 contact_acquirer,
        36 restricted_card, 37 call_acquirer_security, 38 pin_tries_exceeded, 41 lost_card,
        43 stolen_card, 67 hard_capture
    """,
    "pending": """
        09 request_in_progress
    """,
    "retry": """
        19 re_enter_transaction
    """,
}

_1993 = {
    "approve": """
        000 approved, 001 honour_with_identification, 002 partial_approval, 003 approved_vip,
        004 approved_update_track_3, 005 approved_account_type_by_issuer,
        006 partial_approval_account_type_by_issuer, 007 approved_update_icc
    """,
    "decline": """
        100 do_not_honour, 101 expired_card, 102 suspected_fraud, 103 contact_acquirer,
        104 restricted_card, 105 call_acquirer_security, 106 pin_tries_exceeded,
        107 refer_to_issuer, 108 refer_to_issuer_special, 109 invalid_merchant,
        110 invalid_amount, 111 invalid_card_number, 112 pin_data_required, 113 unacceptable_fee,
        114 no_account_of_type, 115 function_not_supported, 116 insufficient_funds,
        117 incorrect_pin, 118 no_card_record, 119 not_permitted_to_cardholder,
        120 not_permitted_to_terminal, 121 exceeds_amount_limit, 122 security_violation,
        123 exceeds_frequency_limit, 124 violation_of_law, 125 card_not_effective,
        126 invalid_pin_block, 127 pin_length_error, 128 pin_key_sync_error,
        129 suspected_counterfeit, 902 invalid_transaction, 904 format_error,
        905 acquirer_not_supported, 906 cut_off_in_progress, 907 issuer_inoperative, 908 no_route,
        909 system_malfunction, 910 issuer_signed_off, 911 issuer_timed_out,
        912 issuer_unavailable, 913 duplicate_transmission, 914 original_not_found,
        915 reconciliation_error, 916 mac_incorrect, 917 mac_key_sync_error,
        918 no_communication_keys, 919 encryption_key_sync_error, 920 security_error_try_again,
        921 security_error_no_action, 922 message_number_out_of_sequence
    """,
    "pickup": """
        200 do_not_honour, 201 expired_card, 202 suspected_fraud, 203 contact_acquirer,
        204 restricted_card, 205 call_acquirer_security, 206 pin_tries_exceeded,
        207 special_conditions, 208 lost_card, 209 stolen_card, 210 suspected_counterfeit
    """,
    "file_action": """
        300 successful, 301 not_supported, 302 record_not_found, 303 duplicate_replaced,
        304 field_edit_error, 305 file_locked, 306 not_successful, 307 format_error,
        308 duplicate_rejected, 309 unknown_file
    """,
    "reversal": """
        400 accepted
    """,
    "reconciliation": """
        500 in_balance, 501 out_of_balance, 502 not_reconciled_totals_provided,
        503 totals_not_available, 504 not_reconciled
    """,
    "administrative": """
        600 accepted
    """,
    "fee_collection": """
        700 accepted
    """,
    "network_management": """
        800 accepted
    """,
    "advice": """
        900 acknowledged_no_liability, 901 acknowledged_liability_accepted
    """,
    "retry": """
        903 re_enter_transaction
    """,
    "pending": """
        923 request_in_progress
    """,
}

_UNIONPAY = {
    "success": """
        00 approved, 10 partial_approval, 11 approved_vip, 16 approved_update_track_3
    """,
    "fail": """
        01 refer_to_issuer, 03 invalid_merchant, 05 do_not_honour, 12 invalid_transaction,
        13 invalid_amount, 14 invalid_card_number, 15 no_such_issuer, 21 no_action_taken,
        22 suspected_malfunction, 25 original_not_found, 30 format_error, 38 pin_tries_exceeded,
        40 function_not_supported, 45 fallback_not_allowed, 51 insufficient_funds,
        54 expired_card, 55 incorrect_pin, 57 not_permitted_to_cardholder,
        58 not_permitted_to_terminal, 61 exceeds_amount_limit, 62 restricted_card,
        64 original_amount_incorrect, 65 exceeds_frequency_limit, 68 response_too_late,
        75 pin_tries_exceeded, 90 cut_off_in_progress, 91 issuer_inoperative, 92 no_route,
        94 duplicate_transmission, 96 system_malfunction, 97 terminal_not_registered,
        98 issuer_timeout, 99 pin_format_error_sign_in_again, A0 mac_error_sign_in_again
    """,
    "pickup": """
        04 pick_up, 34 suspected_fraud, 41 lost_card, 43 stolen_card
    """,
}


class ResponseCode(NamedTuple):
    """One code.

    `category` is "approve" (UnionPay: "success"), "decline" ("fail"), "pickup" (keep the card),
    "pending", "retry", or for 1993 what the code answers: "file_action", "reversal",
    "reconciliation", "administrative", "fee_collection", "network_management", "advice". `meaning`
    is a word to compare; `text` is for people. ISO 8583, field 39.
    """

    code: str
    category: str
    meaning: str

    def text(self, lang: str) -> str:
        """The meaning in "zh" or in English."""
        english, chinese = MEANINGS[self.meaning]
        return chinese if lang == "zh" else english


class _Table(NamedTuple):
    width: int
    kind: str
    codes: dict[str, ResponseCode]


def _table(width: int, kind: str, by_category: Mapping[str, str]) -> _Table:
    codes = {}
    for category, rows in by_category.items():
        for row in rows.split(","):
            code, meaning = row.split()
            codes[code] = ResponseCode(code, category, meaning)
    return _Table(width, kind, codes)


_TABLES = {
    "1987": _table(2, "letters and digits", _1987),
    "1993": _table(3, "digits", _1993),
    "unionpay": _table(2, "letters and digits", _UNIONPAY),
}


def response_codes(table: str) -> tuple[ResponseCode, ...]:
    """All codes of the table "1987", "1993" or "unionpay", in order. KeyError for another one.
    ISO 8583, field 39."""
    return tuple(sorted(_TABLES[table].codes.values()))


def response_code(table: str, code: str) -> ResponseCode:
    """What `code` says in the table "1987", "1993" or "unionpay" (KeyError for another one).

    Raises `DecodeError` for what has not the form of a code, and for a code that the table leaves
    to private or national use. ISO 8583, field 39.
    """
    width, kind, codes = _TABLES[table]
    found = codes.get(code)
    if found is None:
        legal = code.isdigit() if kind == "digits" else code.isalnum()
        if len(code) != width or not (code.isascii() and legal):
            raise DecodeError("DE39", 0, f"must be {width} {kind}")
        raise DecodeError("DE39", 0, f"the {table} table does not have this code")
    return found
