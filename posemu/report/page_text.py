"""The words of the HTML page, in English and Chinese."""

from __future__ import annotations

from posemu.report.words import STORY_TEXT

TEXT: dict[str, tuple[str, str]] = {
    # the verdict
    "headline": (
        "{cause} at till {till} lost {lost} a day.",
        "收银台 {till} 的{cause}每天造成 {lost} 的销售流失。"),
    "headline-none": (
        "{rate} of the sales at till {till} come to nothing, without any fault.",
        "收银台 {till} 有 {rate} 的交易未成，但并无故障。"),
    "headline-several": (
        "Several faults at till {till} lost {lost} a day.",
        "收银台 {till} 的多种故障每天造成 {lost} 的销售流失。"),
    "headline-mended": (
        "{cause} at till {till} lost {lost} a day; what ended it: {name}.",
        "收银台 {till} 的{cause}每天造成 {lost} 的销售流失；{name}解决了问题。"),
    "holds": ("HOLDS", "通过"),
    "violated": ("VIOLATED", "违反"),
    "all-held": (
        "Money and secrets were safe: {rules} rules held after each of {events} events in "
        "{worlds} simulated days.",
        "资金与机密均安全：在 {worlds} 个模拟营业日的 {events} 个事件后，{rules} 条规则始终成"
        "立。"),
    "rules-broken": (
        "Broken rules: {rules}. Violations: {count}, in {worlds} simulated days.",
        "{worlds} 个模拟营业日中，{rules} 条规则被违反，共 {count} 处。"),
    "expected-held": (
        "All {count} expectations of the scenario came true.",
        "场景的 {count} 项预期全部达到。"),
    "expected-not": (
        "{unmet} of {count} expectations did not come true.",
        "{count} 项预期中有 {unmet} 项未达到。"),
    # the four answers
    "wrong": ("What was wrong", "问题在哪里"),
    "helped": ("What helped", "什么有效"),
    "not-helped": ("What did not", "什么无效"),
    "cost": ("What it cost", "代价是什么"),
    "rate-of": (
        "Till {till}: {rate} of the started sales timed out{interval}.",
        "收银台 {till}：已开始的交易中有 {rate} 超时{interval}。"),
    "rate-other": ("Till {till}: {rate}.", "收银台 {till}：{rate}。"),
    "no-timeouts": ("No sale timed out.", "没有交易超时。"),
    "cause": (
        "Root cause of {share} of the failed sales: {name}.",
        "{share} 的失败交易根源：{name}。"),
    "cause-none": (
        "{share} of the failed sales had no fault behind them: a customer who gave up, a "
        "chip card, a key pressed wrong.",
        "{share} 的失败交易并无故障：顾客放弃、芯片卡或按错键。"),
    "a-timeout": (
        "A started sale has timed out if it ends without an approval or a decline, or has "
        "neither within {limit} s.",
        "已开始的交易若最终既未批准也未拒绝，或 {limit} 秒内没有结果，即计为超时。"),
    "besides": (
        "It did raise the {metric}: {before} to {after}.",
        "不过{metric}由 {before} 升至 {after}。"),
    "alone": ("Each measure by itself", "各项措施单独的效果"),
    "alone-about": (
        "With the 95 % interval over {n} simulated days.",
        "附 {n} 个模拟日的 95% 置信区间。"),
    "timeouts-at": ("timeouts at till {till}, %", "收银台 {till} 的超时率（%）"),
    "lost-a-day": ("lost sales of the shop, CNY per day", "全店流失的销售额（元/天）"),
    "fell": (
        "{name}: till {till} from {before} to {after}, {share} of what everything together "
        "achieves.",
        "{name}：收银台 {till} 由 {before} 降至 {after}，占全部措施合计效果的 {share}。"),
    "fell-alone": (
        "{name}: till {till} from {before} to {after}.",
        "{name}：收银台 {till} 由 {before} 降至 {after}。"),
    "saved": (
        "{name}: lost sales from {before} to {after} a day; timeouts stay at {rate}.",
        "{name}：每天流失的销售额由 {before} 降至 {after}；超时率仍为 {rate}。"),
    "no-change": (
        "{name}: till {till} from {before} to {after}; change {change}{interval}.",
        "{name}：收银台 {till} 由 {before} 变为 {after}；变化 {change}{interval}。"),
    "nothing-helped": ("None of them alone.", "单独任何一项都无效。"),
    "all-helped": ("Each of them helped.", "每一项都有效。"),
    "lost": ("Lost sales: {amount} a day{interval}.", "流失的销售额：每天 {amount}{interval}。"),
    "lost-after": ("With everything done: {amount} a day.", "采取全部措施后：每天 {amount}。"),
    "left": ("{share} of the customers left without paying.", "{share} 的顾客未付款就离开。"),
    "till-time": (
        "Till {till} spent {minutes} min a day on sales that came to nothing.",
        "收银台 {till} 每天有 {minutes} 分钟花在没有成交的交易上。"),
    "wrong-charges": ("Wrong or double charges: {count}.", "错扣或重复扣款：{count} 笔。"),
    # the parts of the page
    "timeouts": ("How many sales time out", "有多少交易超时"),
    "timeouts-about": (
        "Share of the started sales, by till, with the 95 % interval over {n} simulated "
        "days. Each row is a combination: a filled dot means that this measure is taken. The "
        "worst is on top.",
        "已开始交易中的超时比例，按收银台，附 {n} 个模拟日的 95% 置信区间。每行是一种组合，实"
        "心点表示采取了该措施。最差的在最上面。"),
    "before": ("before", "之前"),
    "after": ("after", "之后"),
    "amount": ("CNY\N{NO-BREAK SPACE}{amount}", "{amount}\N{NO-BREAK SPACE}元"),
    "timeouts-about-one": (
        "Share of the started sales that timed out, by till.",
        "各收银台已开始交易中的超时比例。"),
    "day": ("The day, as it went", "这一天的经过"),
    "day-about": (
        "The first simulated day. Each line is a sale; the bands above the lines are faults "
        "at this till or at all of them. Every variant has the same weather and the same "
        "customers.",
        "第一个模拟日。每条竖线是一笔交易；竖线上方的色带是该收银台或全店的故障。各方案的天气"
        "与顾客完全相同。"),
    "all-day": ("All day long: {names}.", "全天存在：{names}。"),
    "factorial": ("Which measure did it", "起作用的是哪一项"),
    "factorial-about": (
        "From all combinations. Black: what a measure changes, on average over all choices "
        "of the others; left of zero is better. Grey: what two measures together differ from "
        "the sum of both. Right of zero, they overlap: what one has saved, the other cannot "
        "save again. Bars are 95 % intervals.",
        "由全部组合得出。黑色：每项措施在其他措施各种取舍下的平均影响，零以左为改善。灰色：两"
        "项并用与两项之和的差别；零以右表示作用重叠，一项已经挽回的，另一项无法再次挽回。横线"
        "为 95% 置信区间。"),
    "steps": ("Where service time goes", "服务时间花在哪里"),
    "steps-about": (
        "Mean seconds of a started sale, step by step, whether it came to an end in time or "
        "failed.",
        "一笔交易各步骤的平均秒数，分按时完成与失败两类。"),
    "paid": ("paid", "成交"),
    "story-about": (
        "{like} of {count} failed sales in “{variant}” went like this; most frequent: {most}.",
        "“{variant}”的 {count} 笔失败交易中有 {like} 笔如此；最常见的是：{most}。"),
    "interval": (" ({low} – {high})", "（{low} ～ {high}）"),
    "at-till": ("{name} ({till})", "{name}（{till}）"),
    "row": (
        "{variant}{till}, {kind} ({number} a day)",
        "{variant}{till}，{kind}（每天 {number} 笔）"),
    "row-variant": ("{variant}, ", "{variant}，"),
    "in-time": ("in time", "按时完成"),
    "failed": ("failed", "失败"),
    "sale-in-full": ("One failed sale, told in full", "一笔失败交易的全过程"),
    "expectations": ("What was expected", "预期与结果"),
    "expectation": ("expectation", "预期"),
    "observed": ("observed", "实测"),
    "undecided": ("cannot be decided", "无法判定"),
    "nothing-to-judge": ("nothing to judge", "无可判定的数据"),
    "violations": ("What went wrong", "违反明细"),
    "more": ("... and {count} more", "…… 另有 {count} 处"),
    "rule": ("rule", "规则"),
    "where": ("where and when", "位置与时刻"),
    "what": ("what", "情况"),
    "figures": ("All figures", "全部指标"),
    "figures-about": (
        "Mean over the simulated days and 95 % interval, all tills together. < 3/{n}: it did "
        "not happen in any of {n} days, which does not prove that it never does. The table "
        "can be scrolled sideways.",
        "各模拟日的均值与 95% 置信区间，全部收银台合计。< 3/{n}：{n} 天中一次也未发生，但不能"
        "证明永不发生。表格可左右滚动。"),
    "metric": ("metric", "指标"),
    "unit": ("unit", "单位"),
    "struck": ("Faults that struck", "发生的故障"),
    "met": ("Situations met", "出现过的情形"),
    "repeat": ("See it again", "重现"),
    "repeat-about": (
        "Same file and seed, same bytes, on every machine. The replay file holds each fault "
        "as it struck.",
        "同一文件、同一种子，在任何机器上逐字节相同。重放文件记录了每个故障的实际发生时刻。"),
    "scenario": ("scenario", "场景"),
    "seed": ("seed", "种子"),
    "digest": ("digest", "摘要"),
    "replications": ("replications", "重复次数"),
    "variants": ("variants", "方案数"),
    "version": ("made with", "生成工具"),
    "keys": (
        "Test keys and test cards only; the randomness of keys and PIN blocks comes from the "
        "seed.",
        "仅使用测试密钥与测试卡；密钥与 PIN 块的随机数由种子生成。"),
    "till": ("till", "收银台"),
    "variant": ("variant", "方案"),
    "time-of-day": ("time of day", "时刻"),
    "seconds": ("seconds", "秒"),
    "change-points": (
        "change of the timeout rate at {till}, percentage points",
        "{till} 超时率的变化（百分点）"),
    "change-lost": ("change of lost sales, CNY per day", "流失销售额的变化（元/天）"),
    "timeout-rate": ("service timeout rate, %", "服务超时率（%）"),
    "points": (" points", " 个百分点"),
    # the steps of a sale, in their order
    "step-keys": ("keying in", "输入金额"),
    "step-card": ("card or code", "刷卡或扫码"),
    "step-pin": ("PIN", "输入密码"),
    "step-connecting": ("connecting", "连接"),
    "step-waiting": ("waiting for the host", "等待主机"),
    "step-printing": ("printing", "打印"),
    "step-other": ("other", "其他"),
}  # fmt: skip


def say(key: str, lang: str, **values: object) -> str:
    """A text in this language, with its values put in. Raises KeyError."""
    return (TEXT.get(key) or STORY_TEXT[key])[lang == "zh"].format(**values)
