"""The dictionary of EMV tags: what an object is called, how its value is written, how long it is.

A DOL needs the format of a tag to cut and pad (EMV Book 3, 5.4); a person needs its name. Sources:
EMV Book 3 annex A, EMV Contactless Book C-2 and C-3 (the kernel data of Mastercard and Visa),
ISO/IEC 7816-4. Private tags mean what their owner says: those that differ from scheme to scheme are
left out.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

Format = Literal["n", "cn", "a", "an", "ans", "b", "template"]
"""Digits two a byte and filled on the left; digits filled on the right with F; letters; letters and
digits; any characters; bytes; objects (EMV Book 3, 4.3)."""


Sensitive = Literal["pan", "track", "pin", "name", "account"]


class EmvTag(NamedTuple):
    """One entry; lengths count bytes. `sensitive` says what of card or cardholder the value shows
    and must be masked, or is None. EMV Book 3 annex A."""

    tag: str
    format: Format
    shortest: int
    longest: int
    name_en: str
    name_zh: str
    sensitive: Sensitive | None = None

    def title(self, lang: str) -> str:
        """The name in "en" or "zh"."""
        return self.name_zh if lang == "zh" else self.name_en


def emv_tag(tag: str) -> EmvTag | None:
    """The entry of a tag (upper-case hex), or None for one that is not in the dictionary.
    EMV Book 3 annex A."""
    return _BY_TAG.get(tag)


# fmt: off
EMV_TAGS: tuple[EmvTag, ...] = tuple(EmvTag(*row) for row in (
    ("42", "n", 3, 3, "Issuer Identification Number (IIN)", "发卡机构标识号"),
    ("4F", "b", 5, 16, "Application Dedicated File (ADF) Name", "应用标识符（AID）"),
    ("50", "ans", 1, 16, "Application Label", "应用标签"),
    ("56", "b", 0, 76, "Track 1 Data", "磁道1数据", "track"),
    ("57", "b", 0, 19, "Track 2 Equivalent Data", "磁道2等价数据", "track"),
    ("5A", "cn", 0, 10, "Application Primary Account Number (PAN)", "应用主账号", "pan"),
    ("5D", "b", 1, 17, "Directory Definition File (DDF) Name (deprecated)", "目录定义文件名称"),
    ("5F20", "ans", 2, 26, "Cardholder Name", "持卡人姓名", "name"),
    ("5F24", "n", 3, 3, "Application Expiration Date", "应用失效日期"),
    ("5F25", "n", 3, 3, "Application Effective Date", "应用生效日期"),
    ("5F28", "n", 2, 2, "Issuer Country Code", "发卡行国家代码"),
    ("5F2A", "n", 2, 2, "Transaction Currency Code", "交易货币代码"),
    ("5F2D", "an", 2, 8, "Language Preference", "首选语言"),
    ("5F30", "n", 2, 2, "Service Code", "服务码"),
    ("5F34", "n", 1, 1, "PAN Sequence Number", "应用主账号序列号"),
    ("5F36", "n", 1, 1, "Transaction Currency Exponent", "交易货币指数"),
    ("5F50", "ans", 0, 255, "Issuer URL", "发卡行URL"),
    ("5F53", "b", 0, 34, "International Bank Account Number (IBAN)", "国际银行账号", "account"),
    ("5F54", "b", 8, 11, "Bank Identifier Code (BIC)", "银行识别码"),
    ("5F55", "a", 2, 2, "Issuer Country Code (alpha-2)", "发卡行国家代码（两字母）"),
    ("5F56", "a", 3, 3, "Issuer Country Code (alpha-3)", "发卡行国家代码（三字母）"),
    ("5F57", "n", 1, 1, "Account Type", "账户类型"),
    ("61", "template", 0, 252, "Application Template", "应用模板"),
    ("62", "template", 0, 252, "File Control Parameters (FCP) Template", "文件控制参数模板"),
    ("6F", "template", 0, 252, "File Control Information (FCI) Template", "文件控制信息模板"),
    ("70", "template", 0, 252, "READ RECORD Response Message Template", "读记录响应模板"),
    ("71", "template", 0, 252, "Issuer Script Template 1", "发卡行脚本模板1"),
    ("72", "template", 0, 252, "Issuer Script Template 2", "发卡行脚本模板2"),
    ("73", "template", 0, 252, "Directory Discretionary Template", "目录自定义模板"),
    ("77", "template", 0, 252, "Response Message Template Format 2", "响应模板格式2"),
    ("80", "b", 0, 252, "Response Message Template Format 1", "响应模板格式1"),
    ("81", "b", 4, 4, "Amount, Authorised (Binary)", "授权金额（二进制）"),
    ("82", "b", 2, 2, "Application Interchange Profile (AIP)", "应用交互特征"),
    ("83", "b", 0, 252, "Command Template", "命令模板"),
    ("84", "b", 5, 16, "Dedicated File (DF) Name", "专用文件名称"),
    ("86", "b", 0, 261, "Issuer Script Command", "发卡行脚本命令"),
    ("87", "b", 1, 1, "Application Priority Indicator", "应用优先指示符"),
    ("88", "b", 1, 1, "Short File Identifier (SFI)", "短文件标识符"),
    ("89", "b", 6, 6, "Authorisation Code", "授权码"),
    ("8A", "an", 2, 2, "Authorisation Response Code", "授权响应码"),
    ("8C", "b", 0, 252, "Card Risk Management DOL 1 (CDOL1)", "卡片风险管理数据对象列表1"),
    ("8D", "b", 0, 252, "Card Risk Management DOL 2 (CDOL2)", "卡片风险管理数据对象列表2"),
    ("8E", "b", 10, 252, "Cardholder Verification Method (CVM) List", "持卡人验证方法列表"),
    ("8F", "b", 1, 1, "CA Public Key Index (ICC)", "认证中心公钥索引"),
    ("90", "b", 0, 248, "Issuer Public Key Certificate", "发卡行公钥证书"),
    ("91", "b", 8, 16, "Issuer Authentication Data", "发卡行认证数据"),
    ("92", "b", 0, 248, "Issuer Public Key Remainder", "发卡行公钥余项"),
    ("93", "b", 0, 248, "Signed Static Application Data", "签名的静态应用数据"),
    ("94", "b", 0, 252, "Application File Locator (AFL)", "应用文件定位器"),
    ("95", "b", 5, 5, "Terminal Verification Results (TVR)", "终端验证结果"),
    ("97", "b", 0, 252, "Transaction Certificate DOL (TDOL)", "交易证书数据对象列表"),
    ("98", "b", 20, 20, "Transaction Certificate (TC) Hash Value", "交易证书哈希值"),
    ("99", "b", 0, 12, "Transaction PIN Data", "交易PIN数据", "pin"),
    ("9A", "n", 3, 3, "Transaction Date", "交易日期"),
    ("9B", "b", 2, 2, "Transaction Status Information (TSI)", "交易状态信息"),
    ("9C", "n", 1, 1, "Transaction Type", "交易类型"),
    ("9D", "b", 5, 16, "Directory Definition File (DDF) Name", "目录定义文件名称"),
    ("9F01", "n", 6, 6, "Acquirer Identifier", "收单行标识"),
    ("9F02", "n", 6, 6, "Amount, Authorised (Numeric)", "授权金额"),
    ("9F03", "n", 6, 6, "Amount, Other (Numeric)", "其他金额"),
    ("9F04", "b", 4, 4, "Amount, Other (Binary)", "其他金额（二进制）"),
    ("9F05", "b", 1, 32, "Application Discretionary Data", "应用自定义数据"),
    ("9F06", "b", 5, 16, "Application Identifier (AID) - terminal", "应用标识符（终端）"),
    ("9F07", "b", 2, 2, "Application Usage Control", "应用用途控制"),
    ("9F08", "b", 2, 2, "Application Version Number (ICC)", "应用版本号（卡片）"),
    ("9F09", "b", 2, 2, "Application Version Number (terminal)", "应用版本号（终端）"),
    ("9F0A", "b", 0, 252, "Application Selection Proprietary Data", "应用选择私有数据"),
    ("9F0B", "ans", 27, 45, "Cardholder Name Extended", "持卡人姓名扩展", "name"),
    ("9F0C", "n", 3, 4, "Issuer Identification Number Extended (IINE)", "发卡机构标识号扩展"),
    ("9F0D", "b", 5, 5, "Issuer Action Code - Default", "发卡行行为代码－缺省"),
    ("9F0E", "b", 5, 5, "Issuer Action Code - Denial", "发卡行行为代码－拒绝"),
    ("9F0F", "b", 5, 5, "Issuer Action Code - Online", "发卡行行为代码－联机"),
    ("9F10", "b", 0, 32, "Issuer Application Data (IAD)", "发卡行应用数据"),
    ("9F11", "n", 1, 1, "Issuer Code Table Index", "发卡行代码表索引"),
    ("9F12", "ans", 1, 16, "Application Preferred Name", "应用首选名称"),
    ("9F13", "b", 2, 2, "Last Online ATC Register", "上次联机ATC寄存器"),
    ("9F14", "b", 1, 1, "Lower Consecutive Offline Limit", "连续脱机交易下限"),
    ("9F15", "n", 2, 2, "Merchant Category Code", "商户类别码"),
    ("9F16", "ans", 15, 15, "Merchant Identifier", "商户标识"),
    ("9F17", "b", 1, 1, "PIN Try Counter", "PIN尝试计数器"),
    ("9F18", "b", 4, 4, "Issuer Script Identifier", "发卡行脚本标识"),
    ("9F19", "n", 6, 6, "Token Requestor ID", "令牌请求方标识"),
    ("9F1A", "n", 2, 2, "Terminal Country Code", "终端国家代码"),
    ("9F1B", "b", 4, 4, "Terminal Floor Limit", "终端最低限额"),
    ("9F1C", "an", 8, 8, "Terminal Identification", "终端标识"),
    ("9F1D", "b", 1, 8, "Terminal Risk Management Data", "终端风险管理数据"),
    ("9F1E", "an", 8, 8, "Interface Device (IFD) Serial Number", "接口设备序列号"),
    ("9F1F", "ans", 0, 56, "Track 1 Discretionary Data", "磁道1自定义数据", "track"),
    ("9F20", "cn", 0, 16, "Track 2 Discretionary Data", "磁道2自定义数据", "track"),
    ("9F21", "n", 3, 3, "Transaction Time", "交易时间"),
    ("9F22", "b", 1, 1, "CA Public Key Index (terminal)", "认证中心公钥索引"),
    ("9F23", "b", 1, 1, "Upper Consecutive Offline Limit", "连续脱机交易上限"),
    ("9F24", "an", 29, 29, "Payment Account Reference (PAR)", "支付账户参考号", "account"),
    ("9F25", "n", 2, 2, "Last 4 Digits of PAN", "主账号后四位"),
    ("9F26", "b", 8, 8, "Application Cryptogram", "应用密文"),
    ("9F27", "b", 1, 1, "Cryptogram Information Data (CID)", "密文信息数据"),
    ("9F2D", "b", 0, 248, "ICC PIN Encipherment Public Key Certificate", "IC卡PIN加密公钥证书"),
    ("9F2E", "b", 1, 3, "ICC PIN Encipherment Public Key Exponent", "IC卡PIN加密公钥指数"),
    ("9F2F", "b", 0, 248, "ICC PIN Encipherment Public Key Remainder", "IC卡PIN加密公钥余项"),
    ("9F32", "b", 1, 3, "Issuer Public Key Exponent", "发卡行公钥指数"),
    ("9F33", "b", 3, 3, "Terminal Capabilities", "终端性能"),
    ("9F34", "b", 3, 3, "Cardholder Verification Method (CVM) Results", "持卡人验证方法结果"),
    ("9F35", "n", 1, 1, "Terminal Type", "终端类型"),
    ("9F36", "b", 2, 2, "Application Transaction Counter (ATC)", "应用交易计数器"),
    ("9F37", "b", 4, 4, "Unpredictable Number", "不可预知数"),
    ("9F38", "b", 0, 252, "Processing Options DOL (PDOL)", "处理选项数据对象列表"),
    ("9F39", "n", 1, 1, "Point-of-Service (POS) Entry Mode", "销售点输入方式"),
    ("9F3A", "b", 4, 4, "Amount, Reference Currency", "参考货币金额"),
    ("9F3B", "n", 2, 8, "Application Reference Currency", "应用参考货币"),
    ("9F3C", "n", 2, 2, "Transaction Reference Currency Code", "交易参考货币代码"),
    ("9F3D", "n", 1, 1, "Transaction Reference Currency Exponent", "交易参考货币指数"),
    ("9F40", "b", 5, 5, "Additional Terminal Capabilities", "终端附加性能"),
    ("9F41", "n", 2, 4, "Transaction Sequence Counter", "交易序列计数器"),
    ("9F42", "n", 2, 2, "Application Currency Code", "应用货币代码"),
    ("9F43", "n", 1, 4, "Application Reference Currency Exponent", "应用参考货币指数"),
    ("9F44", "n", 1, 1, "Application Currency Exponent", "应用货币指数"),
    ("9F45", "b", 2, 2, "Data Authentication Code", "数据认证码"),
    ("9F46", "b", 0, 248, "ICC Public Key Certificate", "IC卡公钥证书"),
    ("9F47", "b", 1, 3, "ICC Public Key Exponent", "IC卡公钥指数"),
    ("9F48", "b", 0, 248, "ICC Public Key Remainder", "IC卡公钥余项"),
    ("9F49", "b", 0, 252, "Dynamic Data Authentication DOL (DDOL)", "动态数据认证数据对象列表"),
    ("9F4A", "b", 0, 252, "Static Data Authentication Tag List", "静态数据认证标签列表"),
    ("9F4B", "b", 0, 248, "Signed Dynamic Application Data", "签名的动态应用数据"),
    ("9F4C", "b", 2, 8, "ICC Dynamic Number", "IC卡动态数"),
    ("9F4D", "b", 2, 2, "Log Entry", "日志入口"),
    ("9F4E", "ans", 0, 252, "Merchant Name and Location", "商户名称和位置"),
    ("9F4F", "b", 0, 252, "Log Format", "日志格式"),
    ("9F5B", "b", 0, 252, "Issuer Script Results", "发卡行脚本结果"),
    ("9F60", "b", 2, 2, "CVC3 (Track1)", "动态CVC3（磁道1）"),
    ("9F61", "b", 2, 2, "CVC3 (Track2)", "动态CVC3（磁道2）"),
    ("9F62", "b", 6, 6, "PCVC3 (Track1)", "磁道1中CVC3的位置"),
    ("9F63", "b", 6, 6, "PUNATC (Track1)", "磁道1中不可预知数和ATC的位置"),
    ("9F64", "b", 1, 1, "NATC (Track1)", "磁道1中ATC的位数"),
    ("9F65", "b", 2, 2, "PCVC3 (Track2)", "磁道2中CVC3的位置"),
    ("9F66", "b", 2, 4, "Terminal Transaction Qualifiers (TTQ)", "终端交易属性"),
    ("9F67", "b", 1, 1, "NATC (Track2)", "磁道2中ATC的位数"),
    ("9F69", "b", 1, 16, "Card Authentication Related Data", "卡片认证相关数据"),
    ("9F6A", "n", 4, 4, "Unpredictable Number (Numeric)", "不可预知数（数字）"),
    ("9F6B", "b", 0, 19, "Track 2 Data", "磁道2数据", "track"),
    ("9F6C", "b", 2, 2, "Card Transaction Qualifiers (CTQ)", "卡片交易属性"),
    ("9F6D", "b", 1, 2, "Application Version Number (mag-stripe mode)", "非接磁条应用版本号"),
    ("9F6E", "b", 4, 32, "Form Factor Indicator / Third Party Data", "设备形态标识／第三方数据"),
    ("9F74", "ans", 6, 6, "VLP Issuer Authorisation Code", "电子现金发卡行授权码"),
    ("9F77", "n", 6, 6, "VLP Funds Limit", "电子现金余额上限"),
    ("9F78", "n", 6, 6, "VLP Single Transaction Limit", "电子现金单笔交易限额"),
    ("9F79", "n", 6, 6, "VLP Available Funds", "电子现金余额"),
    ("9F7A", "n", 1, 1, "VLP Terminal Support Indicator", "电子现金终端支持指示器"),
    ("9F7C", "b", 0, 32, "Customer Exclusive / Merchant Custom Data", "商户自定义数据"),
    ("A5", "template", 0, 252, "FCI Proprietary Template", "文件控制信息专有模板"),
    ("BF0C", "template", 0, 222, "FCI Issuer Discretionary Data", "发卡行自定义数据"),
    ("DF8101", "b", 1, 252, "DS Summary 2", "数据存储摘要2"),
    ("FF8105", "template", 0, 252, "Data Record", "数据记录"),
    ("FF8106", "template", 0, 252, "Discretionary Data", "自定义数据"),
))
# fmt: on

_BY_TAG = {entry.tag: entry for entry in EMV_TAGS}
