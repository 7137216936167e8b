"""A server that fails again and again is left alone, tried once, and taken back when it answers."""

from __future__ import annotations

import threading

import pytest

from decoding.engines.breaker import CircuitBreaker
from schemas.errors import EngineUnavailableError


class Clock:
    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def breaker(clock: Clock) -> CircuitBreaker:
    return CircuitBreaker(n_failures=2, cool_down_s=10, max_cool_down_s=30, clock=clock)


def fail(breaker: CircuitBreaker) -> None:
    with breaker.guard() as failed:
        failed()


def succeed(breaker: CircuitBreaker) -> None:
    with breaker.guard():
        pass


def refusal_of(breaker: CircuitBreaker) -> float:
    """Return the seconds after which a refused call may come back."""
    with pytest.raises(EngineUnavailableError, match="left alone") as caught:
        succeed(breaker)
    assert caught.value.retry_after_s is not None
    return caught.value.retry_after_s


def test_failures_in_a_row_open_it_and_one_success_forgets_them(breaker: CircuitBreaker) -> None:
    fail(breaker)
    succeed(breaker)
    fail(breaker)
    assert not breaker.is_open
    fail(breaker)
    assert breaker.is_open


def test_what_is_raised_is_a_failure_and_goes_on_to_the_caller(breaker: CircuitBreaker) -> None:
    for _ in range(2):
        with pytest.raises(ValueError, match="broken"), breaker.guard():
            raise ValueError("broken")
    assert breaker.is_open


def test_a_refused_call_learns_when_to_come_back(breaker: CircuitBreaker, clock: Clock) -> None:
    fail(breaker)
    fail(breaker)
    assert refusal_of(breaker) == 10
    clock.now_s = 6
    assert refusal_of(breaker) == 4
    clock.now_s = 9.9
    assert refusal_of(breaker) == 1  # at least a second, so that nobody hammers


def test_each_failed_try_doubles_the_wait_up_to_its_bound(breaker: CircuitBreaker, clock: Clock) -> None:
    fail(breaker)
    fail(breaker)
    waits: list[float] = []
    for _ in range(4):
        waits.append(refusal_of(breaker))
        clock.now_s += waits[-1]
        fail(breaker)
    assert waits == [10, 20, 30, 30]


def test_a_try_that_succeeds_closes_it_and_forgets_the_long_waits(
    breaker: CircuitBreaker, clock: Clock
) -> None:
    fail(breaker)
    fail(breaker)
    clock.now_s = 10
    fail(breaker)
    clock.now_s = 30
    succeed(breaker)
    assert not breaker.is_open
    fail(breaker)
    fail(breaker)
    assert refusal_of(breaker) == 10


def test_only_one_call_tries_and_the_others_are_refused_meanwhile(
    breaker: CircuitBreaker, clock: Clock
) -> None:
    fail(breaker)
    fail(breaker)
    clock.now_s = 10
    inside, release = threading.Event(), threading.Event()

    def wait() -> None:
        with breaker.guard():
            inside.set()
            release.wait(5)

    trial = threading.Thread(target=wait)
    trial.start()
    assert inside.wait(5)
    assert refusal_of(breaker) == 1
    release.set()
    trial.join()
    assert not breaker.is_open


def test_a_call_from_before_it_opened_does_not_prolong_the_wait(
    breaker: CircuitBreaker, clock: Clock
) -> None:
    with breaker.guard() as failed:
        fail(breaker)
        fail(breaker)
        clock.now_s = 9
        failed()
    assert refusal_of(breaker) == 1
    clock.now_s = 10
    succeed(breaker)
    assert not breaker.is_open
