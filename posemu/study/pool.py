"""Work on several processes, answers in the order of the tasks.

    parent ──task──▶ worker        a pipe to each worker; a worker has one task at a time
           ◀─answer─

What may break: Ctrl-C is sent to the workers as well as to the parent, so they do not hear it; the
parent ends them. The parent may be killed: its ends of the pipes close, and the workers leave. A
worker may be killed: its pipe closes, and the parent says so instead of waiting for ever.

Workers are forked: what they work on is inherited, not pickled, because cardholders are secret
values, which cannot be. `concurrent.futures` has no public way to end a worker that is busy
(before Python 3.14), and `multiprocessing.Pool` waits for ever for one that died.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkProcess
from traceback import format_exc
from typing import Any, Generic, TypeVar

_Task = TypeVar("_Task")
_Answer = TypeVar("_Answer")


class WorkerDiedError(Exception):
    """A worker process ended by itself: on which task, and its exit code, which is -N if signal N
    ended it."""

    def __init__(self, task: object, exit_code: int) -> None:
        super().__init__(task, exit_code)
        self.task = task
        self.exit_code = exit_code

    def __str__(self) -> str:
        return f"a worker process ended with code {self.exit_code} while it worked on {self.task}"


def in_order(
    work: Callable[[_Task], _Answer], tasks: Sequence[_Task], jobs: int
) -> Generator[_Answer, None, None]:
    """The answer to each task, in the order of the tasks; with one job, in this process. Close the
    iterator to end the workers. Raises what `work` raises, and `WorkerDiedError`."""
    if jobs <= 1:
        yield from map(work, tasks)
        return
    pool = _Pool(work, tasks)
    try:
        pool.start(min(jobs, len(tasks)))
        yield from pool.answers()
    finally:
        pool.end()


@dataclass(slots=True)
class _Worker:
    process: ForkProcess
    pipe: Connection[Any, Any]
    task: int | None = None


class _Pool(Generic[_Task, _Answer]):
    def __init__(self, work: Callable[[_Task], _Answer], tasks: Sequence[_Task]) -> None:
        self._work = work
        self._tasks = tasks
        self._given = 0
        self._workers: list[_Worker] = []

    def start(self, count: int) -> None:
        context = get_context("fork")
        for _ in range(count):
            ours, theirs = context.Pipe()
            ends = [*(worker.pipe for worker in self._workers), ours]
            process = context.Process(target=_serve, args=(self._work, theirs, ends), daemon=True)
            # The worker inherits the mask, and never hears of Ctrl-C, not even in its first line.
            before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
            try:
                process.start()
                self._workers.append(_Worker(process, ours))
            finally:
                signal.pthread_sigmask(signal.SIG_SETMASK, before)
            theirs.close()  # the worker's copy alone is left, so its end is seen here

    def answers(self) -> Iterator[_Answer]:
        ready: dict[int, _Answer] = {}
        for worker in self._workers:
            self._give(worker)
        for number in range(len(self._tasks)):
            while number not in ready:
                for worker in self._answering():
                    task, answer = self._receive(worker)
                    ready[task] = answer
                    self._give(worker)
            yield ready.pop(number)

    def _answering(self) -> list[_Worker]:
        busy = {worker.pipe: worker for worker in self._workers if worker.task is not None}
        return [busy[pipe] for pipe in wait(list(busy)) if isinstance(pipe, Connection)]

    def _give(self, worker: _Worker) -> None:
        worker.task = self._given if self._given < len(self._tasks) else None
        if worker.task is not None:
            self._given += 1
            try:
                worker.pipe.send(self._tasks[worker.task])
            except OSError:
                raise self._died(worker) from None

    def _receive(self, worker: _Worker) -> tuple[int, _Answer]:
        assert worker.task is not None
        try:
            answer = worker.pipe.recv()
        except (EOFError, OSError):
            raise self._died(worker) from None
        if isinstance(answer, Exception):
            raise answer
        return worker.task, answer

    def _died(self, worker: _Worker) -> WorkerDiedError:
        assert worker.task is not None
        worker.process.join()
        return WorkerDiedError(self._tasks[worker.task], worker.process.exitcode or 0)

    def end(self) -> None:
        for worker in self._workers:
            worker.process.kill()
        for worker in self._workers:
            worker.process.join()
            worker.pipe.close()


def _serve(
    work: Callable[[Any], Any], pipe: Connection[Any, Any], inherited: list[Connection[Any, Any]]
) -> None:
    """In a worker: answers one task after another until the parent is gone."""
    for end in inherited:
        end.close()  # or the parent's end would outlive the parent, here
    while True:
        try:
            task = pipe.recv()
        except (EOFError, OSError):
            return
        try:
            answer = work(task)
        except Exception as error:
            error.add_note(f"in a worker process:\n{format_exc()}")
            answer = error
        try:
            pipe.send(answer)
        except OSError:
            return
