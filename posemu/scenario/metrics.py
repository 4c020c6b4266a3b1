"""The metrics that a run measures (`posemu.study.metrics`) and a file may expect something of."""

from __future__ import annotations

from typing import NamedTuple

UNITS_ZH = {
    "%": "%", "s": "秒", "sales per h": "笔/小时", "customers": "人", "CNY per day": "元/天",
    "items": "笔", "occurrences": "处",
}  # fmt: skip


class Metric(NamedTuple):
    """Unit, and what it is called in English and Chinese."""

    unit: str
    en: str
    zh: str

    @property
    def counts(self) -> bool:
        """It counts what happens or not: none in n replications is not "never"."""
        return self.unit in ("%", "items", "occurrences")

    def name_in(self, lang: str) -> str:
        return self.zh if lang == "zh" else self.en

    def unit_in(self, lang: str) -> str:
        return UNITS_ZH[self.unit] if lang == "zh" else self.unit


METRICS: dict[str, Metric] = {
    "timeout_rate": Metric("%", "service timeout rate", "服务超时率"),
    "response_timeout": Metric("%", "response timeout rate", "应答超时率"),
    "success_rate": Metric("%", "success rate", "交易成功率"),
    "cancel_rate": Metric("%", "cancel rate", "取消率"),
    "txn_time": Metric("s", "transaction time, mean", "平均交易时间"),
    "txn_time_p50": Metric("s", "transaction time, median", "交易时间中位数"),
    "txn_time_p95": Metric("s", "transaction time, 95 %", "交易时间95分位"),
    "txn_time_p99": Metric("s", "transaction time, 99 %", "交易时间99分位"),
    "throughput": Metric("sales per h", "throughput per terminal", "每终端每小时成功笔数"),
    "queue_length": Metric("customers", "queue, mean", "平均排队人数"),
    "queue_length_max": Metric("customers", "queue, longest", "最长排队人数"),
    "wait_time": Metric("s", "waiting time, mean", "平均等待时间"),
    "wait_time_p95": Metric("s", "waiting time, 95 %", "等待时间95分位"),
    "renege_rate": Metric("%", "left without paying", "未付款离开比例"),
    "lost_sales": Metric("CNY per day", "lost sales", "流失销售额"),
    "availability": Metric("%", "availability of card sales", "刷卡可用率"),
    "availability_code": Metric("%", "availability of code sales", "扫码可用率"),
    "read_success": Metric("%", "read success", "读卡成功率"),
    "fallback_rate": Metric("%", "fallback to the stripe", "芯片降级率"),
    "alarms": Metric("items", "alarms about readers and cards", "读卡器和卡片告警"),
    "diagnosis_right": Metric("%", "alarms that name the cause", "告警判断正确率"),
    "reversal_complete": Metric("%", "reversal completeness", "冲正完成率"),
    "duplicate_charge": Metric("items", "wrong or double charges", "错扣或重复扣款"),
    "clear_exposure": Metric("occurrences", "clear card data found", "明文卡数据暴露"),
}
