"""The words of a story, in English and Chinese: for readers of a report, not for the terminal.

The terminal's own texts are in `posemu/terminal/messages.yaml`; a story shows them as they stood on
the display and on paper, and says around them what happened.
"""

from __future__ import annotations

from collections.abc import Mapping

Words = Mapping[str, tuple[str, str]]
"""Key to (English, Chinese)."""

SYMPTOMS: Words = {
    "amount": ("given up while the amount was typed", "输入金额时放弃"),
    "pin": ("given up while the PIN was typed", "输入密码时放弃"),
    "cancelled": ("given up while card or code was awaited", "等待刷卡或扫码时放弃"),
    "card-error": ("the chip failed in the middle", "芯片中途出错"),
    "card-removed": ("the chip card was pulled out too early", "芯片卡过早拔出"),
    "not-accepted": ("the chip card is not accepted", "不受理该芯片卡"),
    "card-unreadable": ("the card could not be read", "无法读卡"),
    "code-unreadable": ("the payment code could not be read", "无法识别付款码"),
    "no-connection": ("no connection to the host", "连不上主机"),
    "order-pending": ("refused: an earlier order is still open", "被拒：上一笔订单未完结"),
    "reversal-pending": ("refused: an earlier sale is not yet reversed", "被拒：上一笔冲正未完成"),
    "unknown": ("no answer: the outcome stayed unknown", "没有应答：结果一直未知"),
    "reversed": ("no valid answer: taken back by a reversal", "没有有效应答：已冲正"),
    "closed": ("not paid by code in time: the order was closed", "扫码未按时付清：订单已关闭"),
    "power": ("the terminal lost its power", "终端断电"),
    "too-slow": ("it took too long", "耗时过长"),
}
"""What went wrong with a failed sale, as `Failure.symptom` has it."""

STATES: Words = {
    "starting": ("starting", "正在启动"),
    "recovering": ("reading the journal after the start", "启动后读取日志"),
    "sign-on-connecting": ("connecting for the sign-on", "为签到连接主机"),
    "sign-on-waiting": ("waiting for the answer to the sign-on", "等待签到应答"),
    "not-signed-on": ("not signed on", "未签到"),
    "idle": ("ready", "空闲"),
    "sale-amount": ("amount of the card sale", "刷卡：输入金额"),
    "sale-confirm": ("confirming the amount", "确认金额"),
    "sale-card": ("waiting for the card", "等待刷卡"),
    "sale-chip": ("card and terminal talk", "终端与芯片交互"),
    "sale-choice": ("the cardholder chooses an application", "持卡人选择应用"),
    "sale-pin": ("waiting for the PIN", "等待密码"),
    "sale-prepared": ("the sale is prepared", "交易已准备"),
    "sale-connecting": ("connecting to the host", "连接主机"),
    "sale-sending": ("sending the sale", "发送消费请求"),
    "sale-waiting": ("waiting for the host's answer", "等待主机应答"),
    "sale-finishing": ("the card's last word", "芯片最后判定"),
    "sale-storing": ("queueing the offline approval", "脱机批准入队"),
    "sale-committing": ("making the approval durable", "批准写入日志"),
    "sale-approved": ("approved", "交易成功"),
    "sale-printing": ("printing the receipt", "打印凭条"),
    "sale-declined": ("declined", "交易被拒"),
    "sale-cancelled": ("cancelled", "交易取消"),
    "sale-unknown": ("outcome unknown", "结果未知"),
    "code-amount": ("amount of the code payment", "扫码：输入金额"),
    "code-confirm": ("confirming the amount of the code payment", "扫码：确认金额"),
    "code-scan": ("waiting for the payment code", "等待付款码"),
    "code-prepared": ("the code payment is prepared", "扫码交易已准备"),
    "code-connecting": ("connecting to the host for the code payment", "为扫码交易连接主机"),
    "code-sending": ("sending the code payment", "发送扫码请求"),
    "code-waiting": ("waiting for the answer to the code payment", "等待扫码应答"),
    "code-committing": ("making the code approval durable", "扫码批准写入日志"),
    "order-open": ("the order is open", "订单未完结"),
    "order-connecting": ("connecting to ask for the order", "为查询订单连接主机"),
    "order-querying": ("asking for the order", "查询订单"),
    "order-closing": ("closing the order", "关闭订单"),
    "order-closed": ("the order is closed", "订单已关闭"),
    "order-pending": ("the order stays open for later", "订单留待稍后处理"),
    "reversal-pending": ("a reversal is due", "有待冲正"),
    "reversal-connecting": ("connecting for the reversal", "为冲正连接主机"),
    "reversal-sending": ("sending the reversal", "发送冲正"),
    "reversal-waiting": ("waiting for the answer to the reversal", "等待冲正应答"),
    "reversal-done": ("reversed", "冲正完成"),
    "reversal-failed": ("the reversal did not get through", "冲正未成功"),
    "advice-connecting": ("connecting to upload offline sales", "为上送脱机交易连接主机"),
    "advice-sending": ("uploading an offline sale", "上送脱机交易"),
    "advice-waiting": ("waiting for the answer to the upload", "等待上送应答"),
    "advice-done": ("the offline sale is booked", "脱机交易已入账"),
    "advice-failed": ("the upload did not get through", "上送未成功"),
    "settling": ("end of day", "结算"),
    "settle-connecting": ("connecting for the end of day", "为结算连接主机"),
    "settle-waiting": ("waiting for the answer to the end of day", "等待结算应答"),
    "settled": ("end of day done", "结算完成"),
    "settle-failed": ("end of day not done", "结算未完成"),
    "printing-late": ("printing receipts that waited", "补打凭条"),
    "out-of-service": ("out of service", "停止服务"),
}
"""What a terminal does in each of its public states."""

METHODS: Words = {"card": ("card", "刷卡"), "code": ("code", "扫码"), "cash": ("cash", "现金")}

MESSAGES: Words = {
    "0200": ("sale request", "消费请求"),
    "0200/19": ("code payment request", "扫码支付请求"),
    "0210": ("answer to the sale", "消费应答"),
    "0210/19": ("answer to the code payment", "扫码支付应答"),
    "0220": ("upload of an offline sale", "脱机交易上送"),
    "0221": ("upload of an offline sale, repeated", "脱机交易上送（重发）"),
    "0230": ("answer to the upload", "脱机交易上送应答"),
    "0400": ("reversal", "冲正请求"),
    "0401": ("reversal, repeated", "冲正请求（重发）"),
    "0410": ("answer to the reversal", "冲正应答"),
    "0500": ("end of day", "结算请求"),
    "0501": ("end of day, repeated", "结算请求（重发）"),
    "0510": ("answer to the end of day", "结算应答"),
    "0600/39": ("query of the order", "订单查询"),
    "0600/99": ("close of the order", "订单关闭"),
    "0601/99": ("close of the order, repeated", "订单关闭（重发）"),
    "0610/39": ("answer to the query", "订单查询应答"),
    "0610/99": ("answer to the close", "订单关闭应答"),
    "0800": ("sign-on", "签到请求"),
    "0810": ("answer to the sign-on", "签到应答"),
}
"""By type (MTI), and by the first two digits of the processing code (DE3) where that matters."""

CODES: Words = {
    "00": ("approved", "成功"),
    "00/0230": ("booked", "已入账"),
    "00/0410": ("taken back", "已冲正"),
    "00/0610": ("paid", "已支付"),
    "00/0810": ("signed on", "已签到"),
    "09": ("in progress", "处理中"),
    "12": ("no such sale", "无此交易"),
    "25": ("no such original", "无原交易"),
}
"""What a response code (DE39) means that the terminal has no text for; "/" and the type of the
answer, where that matters."""

RECORDS: Words = {
    "opened": ("a new batch", "新批次"),
    "prepared": ("sale prepared, nothing sent", "交易已准备，尚未发送"),
    "chip": ("what the receipt will say of the chip", "凭条上的芯片信息"),
    "sending": ("about to send: from now on the host may know", "即将发送：此后主机可能已收到"),
    "cancelled": ("cancelled, nothing was sent", "已取消，未发送"),
    "approved": ("approved", "已批准"),
    "declined": ("declined", "已拒绝"),
    "reversing": ("outcome unknown: to be reversed", "结果未知：待冲正"),
    "order_open": ("outcome unknown: the order is open", "结果未知：订单未完结"),
    "order_closing": ("about to close the order", "即将关闭订单"),
    "order_closed": ("order closed", "订单已关闭"),
    "told": ("the approval was shown", "已显示批准"),
    "printed": ("the receipt is out", "凭条已打印"),
    "attempt": ("about to send the reversal", "即将发送冲正"),
    "reversed": ("reversed", "已冲正"),
    "settling": ("end of day asked for", "已要求结算"),
    "kept": ("totals differ, batch kept", "对账不平，保留批次"),
    "closed": ("batch closed", "批次已关闭"),
}
"""What a line of the journal means."""

ADVICES: Words = {
    "waiting": (
        "offline approval, to be uploaded; it counts from now on",
        "脱机批准待上送，即刻生效",
    ),
    "attempt": ("about to upload it", "即将上送"),
    "answered": ("the host has booked it", "主机已入账"),
}
"""What a line of the queue of advices means."""

SLIPS: Words = {
    "merchant-copy": ("receipt, merchant's copy", "凭条（商户存根）"),
    "customer-copy": ("receipt, customer's copy", "凭条（持卡人存根）"),
    "reversal": ("slip of the reversal", "冲正凭条"),
    "order-closed": ("slip of the closed order", "订单关闭凭条"),
    "end-of-day": ("slip of the end of day", "结算单"),
}

WHY: Words = {
    "connection/timeout": (
        "No connection: nothing came back within {time}", "连不上主机：{time} 内没有回音"),
    "connection/refused": ("No connection: the host's side refuses it", "连不上主机：对方拒绝连接"),
    "connection/no-name": (
        "No connection: the host's name cannot be looked up", "连不上主机：域名无法解析"),
    "connection/reset": ("No connection: it was torn down at once", "连不上主机：连接随即被断开"),
    "answer/timeout": (
        "No answer within {time}: nobody here knows what the host did",
        "{time} 内没有应答：这里无人知道主机做了什么"),
    "answer/reset": (
        "The connection is torn down before an answer: nobody here knows what the host did",
        "应答之前连接中断：这里无人知道主机做了什么"),
    "slip/no-paper": ("No {slip}: out of paper", "{slip}未打印：缺纸"),
    "slip/jam": ("No {slip}: the paper is jammed", "{slip}未打印：卡纸"),
}  # fmt: skip
"""Why there is no connection, no answer, no slip."""

MISCHIEF: Words = {
    "drop/request": ("The request is dropped on the way", "请求在途中丢失"),
    "drop/answer": ("The answer is dropped on the way", "应答在途中丢失"),
    "bitflip/request": ("A bit of the request is turned over", "请求有一位被翻转"),
    "bitflip/answer": ("A bit of the answer is turned over", "应答有一位被翻转"),
    "delay/request": ("The request is held up on the way", "请求在途中被耽搁"),
    "delay/answer": ("The answer is held up on the way", "应答在途中被耽搁"),
    "duplicate/request": ("The request is doubled on the way", "请求在途中被重复"),
    "duplicate/answer": ("The answer is doubled on the way", "应答在途中被重复"),
}
"""What happens to a message on its way, and to which."""

STORY_TEXT: Words = {
    # headings and labels of the page
    "story-till": ("Till", "收银台"),
    "story-began": ("Began", "开始时间"),
    "story-method": ("Paid by", "付款方式"),
    "story-amount": ("Amount", "金额"),
    "story-symptom": ("What went wrong", "现象"),
    "story-step": ("Where", "环节"),
    "story-cause": ("Root cause", "根本原因"),
    "story-violation": ("Broken rule", "违反的规则"),
    "story-world": ("World", "运行"),
    "story-time": ("Time", "时间"),
    "story-people": ("People", "顾客与收银员"),
    "story-terminal": ("Terminal", "终端"),
    "story-host": ("Host", "主机"),
    "story-fields": ("{count} fields", "{count} 个域"),
    "story-strength": ("How strongly", "故障参数"),
    "story-field": ("Field", "域"),
    "story-name": ("Name", "名称"),
    "story-value": ("Value", "值"),
    "story-later": ("{time} s later", "{time} 秒之后"),
    "story-to-host": ("to the host", "发往主机"),
    "story-to-terminal": ("to the terminal", "发往终端"),
    "story-never-arrives": ("never arrives", "未能到达"),
    "story-faults": ("Faults that hold", "正在发生的故障"),
    # outcomes and causes
    "no-failure": ("nothing went wrong with this sale itself", "这笔交易本身没有失败"),
    "no-cause": ("none: nothing that this step needs was broken", "无：这一环节所需的部件均正常"),
    # people
    "arrives": ("A customer comes: {amount}, by {method}", "顾客到来：{amount}，{method}"),
    "called": ("It is this customer's turn", "轮到这位顾客"),
    "presses/card": ("The cashier presses SALE", "收银员按“消费”键"),
    "presses/code": ("The cashier presses CODE", "收银员按“扫码”键"),
    "next-sale": (
        "The next customer's sale must wait: this one is settled first",
        "下一位顾客须等候：先处理这一笔"),
    "keys/amount": ("The amount is typed: {count} keys", "输入金额：按键 {count} 次"),
    "keys/pin": ("The customer types the PIN: {count} keys", "顾客输入密码：按键 {count} 次"),
    "read/good": ("The customer swipes the card: it is read", "顾客刷卡：读取成功"),
    "read/bad": ("The customer swipes the card: it cannot be read", "顾客刷卡：无法读取"),
    "slot/in": ("The customer inserts the card", "顾客插入卡片"),
    "slot/out": ("The card is taken out", "卡片被取出"),
    "scan/good": ("The customer shows the code: it is read", "顾客出示付款码：读取成功"),
    "scan/bad": ("The customer shows the code: it cannot be read", "顾客出示付款码：无法读取"),
    "leaves/paid": ("The customer leaves, having paid by {method}", "顾客离开，已付款（{method}）"),
    "leaves/unpaid": ("The customer leaves without having paid", "顾客未付款离开"),
    # terminal
    "screen": ("On the display", "屏幕显示"),
    "journal": ("Journal: {what}", "日志：{what}"),
    "apdu": ("To the card: {command}; it answers {status}", "对卡片：{command}；应答 {status}"),
    "apdu/mute": ("To the card: {command}; nothing is heard", "对卡片：{command}；没有应答"),
    "chip-unused": ("The chip cannot be used: {reason}", "芯片无法使用：{reason}"),
    "fallback": ("The stripe is taken instead of the chip", "改用磁条"),
    "advice": ("Queue of offline sales: {what}", "脱机交易队列：{what}"),
    "durable": (
        "{record} (safe from a power cut {time} later)",
        "{record}（{time} 后断电也不会丢失）"),
    "slip": ("Printed: {slip}", "打印：{slip}"),
    "ended": ("The sale has ended ({result})", "交易结束（{result}）"),
    "ended/approved": ("approved", "交易成功"),
    "ended/declined": ("declined", "交易被拒"),
    "dark": (
        "The display goes dark; what was not yet safe in the journal is gone",
        "屏幕熄灭；尚未写入日志的内容全部丢失"),
    "power": ("Power is back; the terminal starts", "恢复供电，终端启动"),
    "crash": ("The terminal's program fails: {what}", "终端程序出错：{what}"),
    "ignored": (
        "An answer to something else is logged and ignored", "不相干的应答：只记录，不采用"),
    "bad-mac": ("The answer's MAC is wrong: it is not believed", "应答的 MAC 错误：不予采信"),
    "garbled": ("The answer cannot be decoded: it is not believed", "应答无法解析：不予采信"),
    "alarm/reader/stripe": (
        "Alarm: different cards fail in a row, the stripe reader is worn",
        "告警：不同的卡接连刷卡失败，磁条读卡器磨损"),
    "alarm/reader/chip": (
        "Alarm: different cards fail in a row, the chip reader is worn",
        "告警：不同的卡接连插卡失败，芯片读卡器磨损"),
    "alarm/card/stripe": (
        "Alarm: this card fails again while others pass, its stripe is worn",
        "告警：此卡屡次失败而其他卡正常，磁条磨损"),
    "alarm/card/chip": (
        "Alarm: this card fails again while others pass, its chip is worn",
        "告警：此卡屡次失败而其他卡正常，芯片磨损"),
    # lengths of time
    "ms": ("{number} ms", "{number} 毫秒"),
    "s": ("{number} s", "{number} 秒"),
    "min": ("{number} min", "{number} 分钟"),
    # line
    "connected": ("Connected to the host", "已连接主机"),
    "sent": ("{name} {mti}", "{name} {mti}"),
    "answers": (
        "{name} {mti}, code {code} ({meaning})", "{name} {mti}，应答码 {code}（{meaning}）"),
    "lost": ("{title}: never arrives", "{title}：未能到达"),
    "unreadable": ("bytes that cannot be read", "无法解析的数据"),
    "arrived": ("{mti} arrives, {time} on the way", "{mti} 到达，途中 {time}"),
    "damaged": ("{mti} arrives damaged, {time} on the way", "{mti} 到达但已损坏，途中 {time}"),
    "again": ("{mti} arrives once more", "{mti} 再次到达"),
    # host
    "books": ("The host books {amount}", "主机入账 {amount}"),
    "takes-back": ("The host takes back {amount}", "主机冲回 {amount}"),
    "refused": (
        "The host cannot trust the message and gives no answer",
        "主机不信任该报文，不予应答"),
    # faults
    "fault": ("Fault: {name}", "故障：{name}"),
    "fault-holds": ("Fault, since {clock}: {name}", "故障（自 {clock} 起）：{name}"),
    "fault-ends": ("Fault over: {name}", "故障结束：{name}"),
    "fault-strength": ("{name} ({params})", "{name}({params})"),
    "broken": ("A rule is broken: {rule}", "违反规则：{rule}"),
    "yes": ("yes", "是"),
    "no": ("no", "否"),
    # what is summed up
    "queries": (
        "The order is asked for {count} more times: not finished",
        "又查询订单 {count} 次：仍未完结"),
    "failed-attempts": ("{count} more attempts to settle it fail", "又有 {count} 次处理未成功"),
    "refused-sales": (
        "{count} more customers are refused: the earlier sale is not settled",
        "又有 {count} 位顾客被拒：上一笔交易未处理完"),
    "other-sales": ("{count} other sales at this till", "本收银台另有 {count} 笔交易"),
    "never-settled": ("It is never settled", "始终未能处理完"),
    "closes": ("The shop closes; every fault ends", "商店打烊，所有故障结束"),
    "and": ("; ", ";"),
}  # fmt: skip
"""Everything else that a story and its page say."""


def said(table: Words, key: str, lang: str, /, **values: object) -> str:
    """The words of `key` in "en" or "zh"; a key that the table does not know (of somebody else's
    terminal) stands for itself."""
    words = table.get(key)
    return key if words is None else words[lang == "zh"].format(**values)
