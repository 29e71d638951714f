import asyncio

from hubbub.counts import Histogram, watch_loop


def test_a_value_is_counted_at_the_first_bound_that_it_does_not_exceed() -> None:
    values = Histogram((1, 5))
    for value in (0, 1, 1.5, 5, 5.1, 100):
        values.observe(value)
    assert (values.counts, values.sum) == ([2, 2, 2], 112.6)


async def test_the_watch_on_the_loop_goes_on_until_it_is_cancelled() -> None:
    lags: list[float] = []
    watching = asyncio.create_task(watch_loop(lags.append))
    async with asyncio.timeout(20):
        while len(lags) < 2:
            await asyncio.sleep(0.01)
    watching.cancel()
    await asyncio.wait([watching])
    assert watching.cancelled()
    assert min(lags) >= 0
