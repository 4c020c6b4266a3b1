"""The zoo: faulty terminals and hosts, each caught by the rule that names its fault. It shows that
the judge can fail.

`ZOO["no-reversal"]` is a `Planted`: a build to be tried like anybody's own
(`posemu.testing.try_schedule`), with the schedule and the shop that bring its bug out. `BUILDS` are
the builds alone, by name.
"""

from __future__ import annotations

from dataclasses import replace

from posemu.faults import FaultSpec
from posemu.faults.catalogue import Text
from posemu.scenario import Build
from posemu.testing.trial import fault
from posemu.testing.zoo import chips, orders, records, told, wires
from posemu.testing.zoo.entry import Planted

_LOST_ANSWER = fault("transmission-loss", on={"message": "0210"})
_LOST_SECOND = fault("transmission-loss", on={"message": "0210", "nth": 2})
_LOST_REVERSAL_ANSWER = fault("transmission-loss", on={"message": "0410"})
_LOST_REQUEST = fault("transmission-loss", direction="request", on={"message": "0200"})
_NOT_ANSWERED = fault("transmission-loss", count=2, on={"message": "0610"})
_LOST_ADVICE_ANSWER = fault("transmission-loss", on={"message": "0230"})
_UNREACHABLE = fault("comms-outage", on={"state": "sale-connecting"}, for_="15s")
_CUT_AT_REST = fault("power-unstable", on={"state": "idle", "nth": 2, "after": "5s"}, for_="3s")

_ENTRIES = (
    ("no-reversal", "nothing is reversed after a timeout, which is told as declined",
     "超时后不冲正,并告知为交易失败",
     Build(terminal=told.DeclinesTimeouts), (_LOST_ANSWER,), "told-matches-booked"),
    ("forgets-timeout", "a sale without an answer is dropped: nobody ever learns what it came to",
     "无应答的交易被丢弃,结果无人知晓",
     Build(terminal=told.ForgetsTimeouts), (_LOST_ANSWER,), "nothing-unknown"),
    ("record-after-send", "the record of a sale is flushed after its request has left",
     "请求发出后才落盘交易记录",
     Build(terminal=records.WritesAfterSending), (), "record-before-send"),
    ("late-approval", "an approval that comes after the reversal went out is shown",
     "冲正发出后到达的批准被当作成功显示",
     Build(terminal=told.TakesLateApprovals), (
         fault("transmission-loss", effect="delay", delay="35s", on={"message": "0210"}),
         _LOST_REVERSAL_ANSWER,
     ), "late-answer-ignored"),
    ("stan-again", "after a restart trace numbers begin anew",
     "重启后流水号从头开始",
     Build(terminal=records.ReusesStan), (_CUT_AT_REST,), "stan-unique"),
    ("ksn-back", "after a restart the key counter is that of the first day",
     "重启后密钥计数器倒退",
     Build(module=wires.ForgetsCounter), (_CUT_AT_REST,), "ksn-advances"),
    ("mac-unchecked", "an approval is shown before its MAC is checked",
     "MAC校验之前就显示成功",
     Build(terminal=told.BelievesAnyone), (
         fault("transmission-loss", effect="bitflip", on={"message": "0210"}),
     ), "approval-authentic"),
    ("booked-twice", "the host books a request that comes twice a second time",
     "主机对重复到达的请求再次入账",
     Build(host=wires.BooksTwice), (
         fault(
             "transmission-loss", direction="request", effect="duplicate", delay="100ms",
             on={"message": "0200"},
         ),
     ), "single-capture"),
    ("mac-unchecked-by-host", "the host serves a request whose MAC is wrong",
     "主机受理MAC错误的请求",
     Build(host=wires.ChecksNoMac), (
         fault(
             "transmission-loss", direction="request", effect="bitflip", on={"message": "0200"},
         ),
     ), "request-authentic"),
    ("other-amount", "a reversal names the amount of the sale before",
     "冲正使用了上一笔交易的金额",
     Build(terminal=wires.ReversesAnotherAmount), (_LOST_SECOND,), "reversal-matches-original"),
    ("pan-in-journal", "the whole PAN is written to the journal and printed",
     "完整卡号写入日志并打印",
     Build(module=wires.ShowsPan), (), "no-card-data"),
    ("slip-approved", "the slip of a reversal says approved",
     "冲正凭条印着交易成功",
     Build(terminal=told.PrintsApprovedForReversed), (_LOST_ANSWER,), "slip-tells-truth"),
    ("shown-before-commit", "an approval is shown before it is durable",
     "批准落盘之前就显示成功",
     Build(terminal=records.ShowsBeforeCommit), (), "commit-before-told"),
    ("sent-again", "a sale without an answer is sent a second time",
     "无应答的交易请求被重发",
     Build(terminal=wires.SendsAgain), (_LOST_ANSWER,), "no-resend"),
    ("sells-on", "sales go on while a reversal is pending",
     "冲正未完成时继续发送新交易",
     Build(terminal=records.SellsWhileReversing), (_LOST_ANSWER, _LOST_REVERSAL_ANSWER),
     "reversal-first"),
    ("settles-early", "the end of day does not wait for a pending reversal",
     "冲正未完成即进行结算",
     Build(terminal=records.SettlesWhileReversing), (
         fault("comms-outage", on={"message": "0210", "nth": 4}, for_="1h"),
     ), "end-of-day-clean"),
    ("approved-by-itself", "a sale without an answer is told as approved",
     "无应答的交易显示为成功",
     Build(terminal=told.ApprovesTimeouts), (_LOST_REQUEST,), "approval-granted"),
    ("declined-but-booked", "the host declines sales in its trouble, and books them",
     "主机故障时拒绝交易却已入账",
     Build(host=wires.BooksDeclined), (
         fault("host-fault", on={"message": "0200"}, for_="10s"),
     ), "told-matches-booked"),
    ("hangs", "restarted within the day, the terminal does not come back",
     "当日重启后终端不再恢复",
     Build(terminal=told.Hangs), (_CUT_AT_REST,), "comes-to-rest"),
    ("pin-in-log", "the PIN is written to a log",
     "密码写入日志",
     Build(terminal=wires.LogsPin, module=wires.KeepsPin), (), "no-card-data"),
    ("wrong-step", "a reversal that fails leads to where approvals are shown",
     "冲正失败后进入显示成功的状态",
     Build(terminal=told.SkipsTheStep), (_LOST_ANSWER, _LOST_REVERSAL_ANSWER), "no-crash"),
    ("miscounts", "a sale that was booked and reversed is missing in the totals",
     "已冲正的交易未计入总计",
     Build(terminal=records.CountsWrong), (_LOST_ANSWER,), "totals-agree"),
    ("settles-anyway", "totals that differ are told as settled",
     "对账不平却告知结算完成",
     Build(terminal=records.SettlesAnyway), (_LOST_ANSWER,), "end-of-day-from-host"),
    ("forgets-reversal", "a pending reversal is forgotten in a restart",
     "重启后遗忘未完成的冲正",
     Build(terminal=records.ForgetsReversal), (
         _LOST_ANSWER,
         fault("power-unstable", on={"state": "reversal-pending"}, for_="3s"),
     ), "nothing-unknown"),
    ("forgets-receipt", "a receipt that the printer could not print is not kept",
     "未能打印的凭条没有保留",
     Build(terminal=records.ForgetsReceipt), (
         fault("printer-consumable-out", on={"state": "sale-printing"}, for_="5s"),
     ), "receipt-printed"),
    ("prints-unshown", "after a restart a committed approval is printed, but never shown",
     "重启后只补打凭条,不显示成功",
     Build(terminal=records.PrintsWithoutShowing), (
         fault("power-unstable", on={"state": "sale-approved"}, for_="3s"),
     ), "approval-shown"),
    ("reverses-unsent", "a sale that found no connection is reversed",
     "未能连接主机的交易被冲正",
     Build(terminal=records.ReversesUnsent), (_UNREACHABLE,), "unsent-cancelled"),
    ("reverses-prepared", "after a restart a sale that was only prepared is reversed",
     "重启后冲正尚未发送的交易",
     Build(terminal=records.ReversesPrepared), (
         _UNREACHABLE,
         # In the middle of the flush of the next sale: the end of this one's story is torn off.
         fault("power-unstable", on={"journal": "write", "nth": 5, "after": "3ms"}, for_="3s"),
     ), "unsent-cancelled"),
    ("reverses-declined", "a declined sale is reversed as well",
     "被拒绝的交易又被冲正",
     Build(terminal=records.ReversesDeclined), (
         fault("host-fault", on={"message": "0200"}, for_="10s"),
     ), "outcome-stands"),
    ("reverses-approved", "every approval is taken for a forged one, and reversed",
     "所有批准都被当作伪造并冲正",
     Build(terminal=told.BelievesNobody), (), "reversal-reason"),
    ("repeats-as-new", "a reversal that is sent again is not marked as a repeat",
     "重发的冲正未标为重发",
     Build(terminal=wires.RepeatsAsNew), (_LOST_ANSWER, _LOST_REVERSAL_ANSWER), "repeat-marked"),
    ("card-in-reversal", "reversals carry the enciphered track",
     "冲正报文带有加密磁道",
     Build(terminal=wires.ReversesWithCard), (_LOST_ANSWER,), "reversal-without-card"),
    ("reversed-too-soon", "a sale is told as reversed when its reversal has only been sent",
     "冲正刚发出就告知已冲正",
     Build(terminal=told.SaysReversedTooSoon), (_LOST_REQUEST,), "not-charged-from-host"),
    ("hides-unknown", "nobody is told that a result is unknown",
     "结果未知时不作任何提示",
     Build(terminal=told.HidesUnknown), (_LOST_ANSWER, _LOST_REVERSAL_ANSWER),
     "told-before-ready"),
    ("service-charge", "a tenth more is sent than was confirmed",
     "发送的金额比确认的多一成",
     Build(terminal=records.AddsServiceCharge), (), "amount-confirmed"),
    ("eight-digits", "the first eight digits of the PAN are printed",
     "凭条打印卡号前八位",
     Build(module=wires.ShowsMore), (), "pan-masked"),
    ("reprint-looks-new", "nothing on a reprint says that it is one",
     "补打的凭条未注明重打印",
     Build(terminal=told.ReprintsLookNew), (
         fault("printer-consumable-out", on={"state": "sale-printing", "after": "1s"}, for_="5s"),
     ), "reprint-marked"),
)  # fmt: skip

_ENTRIES_BY_CODE = (
    ("second-order", "a second order is opened while the first one is",
     "上一笔订单未完结就发起新订单",
     Build(terminal=orders.OpensSecondOrder), (_LOST_ANSWER, _NOT_ANSWERED), "one-open-order"),
    ("asks-for-another", "an order is queried and closed over another amount",
     "查询和关单的金额与原订单不符",
     Build(terminal=orders.AsksForAnotherAmount), (_LOST_ANSWER,), "order-matches-sale"),
    ("reverses-order", "an order is reversed where it should be closed",
     "应关单的订单被冲正",
     Build(terminal=orders.ReversesOrders), (_LOST_REQUEST,), "order-not-reversed"),
)  # fmt: skip

_ENTRIES_BY_CHIP = (
    ("card-not-asked", "the card is not asked for its last word when the host has approved",
     "主机批准后不再请求卡片的最终密文",
     Build(terminal=chips.DoesNotAskTheCardAgain), (), "chip-agrees"),
    ("card-refused", "a sale that the host approved and the card then refuses is told as approved",
     "主机批准而卡片拒绝的交易被当作成功",
     Build(terminal=chips.KeepsWhatTheCardRefused), (fault("issuer-proof-wrong"),), "chip-agrees"),
    ("card-declined", "a sale that the card declines alone is told as approved",
     "卡片脱机拒绝的交易显示为成功",
     Build(terminal=chips.ApprovesWhatTheCardDeclined), (_UNREACHABLE,), "approval-granted"),
    ("offline-too-soon", "an offline approval is shown before its advice is durable",
     "脱机上送记录落盘之前就显示成功",
     Build(terminal=chips.ShowsOfflineTooSoon), (), "commit-before-told"),
    ("loses-advices", "offline approvals are never sent to the host",
     "脱机批准的交易从不上送",
     Build(terminal=chips.LosesAdvices), (), "advice-booked"),
    ("last-in-first-out", "the offline approval that came last is sent first",
     "脱机交易后进先出上送",
     Build(terminal=chips.LastInFirstOut), (_LOST_ADVICE_ANSWER,), "advice-in-order"),
    ("advice-amount", "an advice is over more than was approved",
     "脱机上送的金额多于批准的金额",
     Build(module=chips.StoresAnotherAmount), (), "advice-matches-approval"),
    ("advice-as-new", "an advice that is sent again is not marked as a repeat",
     "重发的脱机上送未标为重发",
     Build(module=chips.RepeatsAdvicesAsNew), (_LOST_ADVICE_ANSWER,), "repeat-marked"),
    ("advice-booked-twice", "the host books the repeat of an advice a second time",
     "主机对重发的脱机上送再次入账",
     Build(host=chips.BooksRepeatedAdvices), (_LOST_ADVICE_ANSWER,), "single-capture"),
    ("advice-left-behind", "the end of day does not wait for offline approvals to be sent",
     "脱机交易未上送即进行结算",
     Build(terminal=chips.SettlesWithAdviceWaiting), (
         fault("comms-outage", on={"state": "advice-connecting"}, for_="1h"),
     ), "end-of-day-clean"),
)  # fmt: skip


def _planted(
    name: str, en: str, zh: str, build: Build, schedule: tuple[FaultSpec, ...], invariant: str
) -> Planted:
    return Planted(name, Text(en, zh), build, schedule, invariant)


ZOO: dict[str, Planted] = {
    **{entry[0]: _planted(*entry) for entry in _ENTRIES},
    **{entry[0]: replace(_planted(*entry), p_code=1.0) for entry in _ENTRIES_BY_CODE},
    **{entry[0]: replace(_planted(*entry), chip="basic-sda") for entry in _ENTRIES_BY_CHIP},
}
BUILDS: dict[str, Build] = {name: planted.build for name, planted in ZOO.items()}

__all__ = ["BUILDS", "ZOO", "Planted"]
