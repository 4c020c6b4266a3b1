"""What `posemu run` says on standard error when it cannot go on, or was told to stop."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from posemu.study import Difference, StoreError, WorkerDiedError

_DIGESTS = ("scenario", "program")
_SHOWN = 16  # digits of a digest: enough to tell two apart

_TEXT: dict[str, tuple[str, str]] = {
    "refused": (
        "{path} holds results of another study. Nothing was run.",
        "{path} 中是另一项研究的结果。未运行任何内容。"),
    "there": (
        "{what}: {there} there, {asked} asked for", "{what}：文件中为 {there}，本次为 {asked}"),
    "instead": (
        "Name another folder with --out, or delete {folder}.",
        "请用 --out 另选一个文件夹，或删除 {folder}。"),
    "scenario": ("scenario (content)", "场景内容"),
    "seed": ("seed", "种子"),
    "posemu": ("posemu version", "posemu 版本"),
    "program": ("program files (the study there is unfinished)", "程序文件（该研究尚未完成）"),
    "format": ("format of the file", "文件格式"),
    "interrupted": (
        "Interrupted. {done} of {total} worlds are done and kept in {path}.",
        "已中断。{total} 次运行已完成 {done} 次，保存在 {path}。"),
    "go-on": ("To go on: {command}", "继续运行：{command}"),
    "died": (
        "World {world}: its process ended ({how}); is there enough memory? "
        "{done} of {total} worlds are kept in {path}.",
        "运行 {world} 的进程已终止（{how}）；内存是否充足？"
        "{total} 次运行中的 {done} 次保存在 {path}。"),
    "signal": ("signal {number}", "信号 {number}"),
    "code": ("exit code {code}", "退出码 {code}"),
    "damaged": (
        "{path} is damaged ({detail}). Delete it, or name another folder with --out.",
        "{path} 已损坏（{detail}）。请删除它，或用 --out 另选一个文件夹。"),
    "foreign": (
        "{path} was not written by posemu ({detail}). Name another folder with --out.",
        "{path} 不是由 posemu 写入的（{detail}）。请用 --out 另选一个文件夹。"),
    "unreachable": ("{path} cannot be used: {detail}.", "{path} 无法使用：{detail}。"),
    "shared": (
        "{path} was changed by another run meanwhile ({detail}). Give each run its own --out.",
        "{path} 同时被另一次运行修改（{detail}）。请为每次运行指定不同的 --out。"),
}  # fmt: skip


def _say(key: str, lang: str, **values: object) -> str:
    return _TEXT[key][lang == "zh"].format(**values)


def refused(path: Path, found: Iterable[Difference], lang: str) -> str:
    """The results at `path` are not this study's."""
    lines = [_say("refused", lang, path=path)]
    for what, there, asked in found:
        if what in _DIGESTS:
            there, asked = there[:_SHOWN], asked[:_SHOWN]
        name = _say(what, lang)
        lines.append("  " + _say("there", lang, what=name, there=there, asked=asked))
    return "\n".join([*lines, _say("instead", lang, folder=path.parent)])


def interrupted(path: Path, done: int, total: int, command: str, lang: str) -> str:
    """Ctrl-C."""
    first = _say("interrupted", lang, path=path, done=done, total=total)
    return f"{first}\n{_say('go-on', lang, command=command)}"


def worker_died(
    died: WorkerDiedError, path: Path, done: int, total: int, command: str, lang: str
) -> str:
    """A process that ran a world was ended from outside, or crashed."""
    if died.exit_code < 0:
        how = _say("signal", lang, number=-died.exit_code)
    else:
        how = _say("code", lang, code=died.exit_code)
    first = _say("died", lang, world=died.task, how=how, path=path, done=done, total=total)
    return f"{first}\n{_say('go-on', lang, command=command)}"


def unusable(error: StoreError, lang: str) -> str:
    """A results file that cannot be read or written."""
    return _say(error.trouble, lang, path=error.path, detail=error.detail)
