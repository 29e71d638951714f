"""What a first visit to the page weighs, and how soon it can be read and used on a slow line, in real Chromium.

    .venv/bin/python benchmarks/page.py [--visits 5] [--json FILE]

"Slow" is what shared measurements of chat pages use: 150 ms round trip, 1.6 Mbit/s down, 0.75 up, CPU four times
slower, by Chromium's own emulation (without the handshakes of TCP and TLS).
"""

import argparse
import asyncio
import json
import statistics
import sys
import tempfile
from pathlib import Path

from playwright.async_api import Browser, async_playwright

sys.path.insert(0, str(Path(__file__).parent.parent))

from tests.browser.chromium import SWITCHES, chromium

from hubbub.testing.people import Guest
from hubbub.testing.process import run_server

MESSAGES = 60
SLOW = {"offline": False, "latency": 150, "downloadThroughput": 200_000, "uploadThroughput": 93_750}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--visits", type=int, default=5)
    parser.add_argument("--json", type=Path, help="Where to write the figures.")
    options = parser.parse_args()
    if chromium() is None:
        sys.exit("There is no Chromium: install it, or name it in CHROMIUM.")
    figures = asyncio.run(measure(options.visits))
    for name, value in figures.items():
        print(f"{name:32} {value}")
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2) + "\n")


async def measure(visits: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        async with run_server(Path(folder) / "data", posts_burst=1000) as server, async_playwright() as playwright:
            async with Guest.arrives(server.url, "Writer") as writer:
                for number in range(MESSAGES):
                    await writer.says(f"A message of the usual length, as people write them all day: number {number}.")
            browser = await playwright.chromium.launch(executable_path=chromium(), args=SWITCHES)
            samples = [await visit(browser, server.url) for _ in range(visits)]
            await browser.close()
    return {name: round(statistics.median(sample[name] for sample in samples), 2) for name in samples[0]}


async def visit(browser: Browser, url: str) -> dict[str, float]:
    """One first visit with an empty cache, on a slow line."""
    context = await browser.new_context(viewport={"width": 1200, "height": 800})
    page = await context.new_page()
    cdp = await context.new_cdp_session(page)
    await cdp.send("Network.enable")
    await cdp.send("Network.emulateNetworkConditions", SLOW)
    await cdp.send("Emulation.setCPUThrottlingRate", {"rate": 4})
    received: list[float] = []
    requests: list[str] = []
    cdp.on("Network.loadingFinished", lambda event: received.append(event["encodedDataLength"]))
    cdp.on("Network.requestWillBeSent", lambda event: requests.append(event["request"]["url"]))
    await page.goto(url)
    await page.wait_for_selector(".app.ready")
    usable = await page.evaluate("() => performance.getEntriesByName('ready')[0].startTime")
    await page.wait_for_function("() => document.querySelector('.app').dataset.connection === 'open'")
    connected = await page.evaluate("() => performance.now()")
    await page.wait_for_load_state("networkidle")
    paint = await page.evaluate("() => performance.getEntriesByName('first-contentful-paint')[0].startTime")
    await context.close()
    return {
        "kilobytes": sum(received) / 1000,
        "requests": len(requests),
        "first_contentful_paint_s": paint / 1000,
        "usable_s": usable / 1000,
        "connected_s": connected / 1000,
    }


if __name__ == "__main__":
    main()
