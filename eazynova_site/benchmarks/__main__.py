"""``make bench``: how fast, how small, how flat; printed as tables and written to docs/benchmarks.md."""

import os
import sys
from collections.abc import Callable
from datetime import UTC, datetime

from eazynova_site.benchmarks import surroundings

RUNS = int(os.environ.get("BENCH_RUNS", "3"))
CREATIONS = int(os.environ.get("BENCH_CREATIONS", "200"))
IN_FLIGHT = int(os.environ.get("BENCH_IN_FLIGHT", "1000"))
GROWTH = [int(size) for size in os.environ.get("BENCH_GROWTH", "100,1000,10000").split(",")]
ROWS = int(os.environ.get("BENCH_ROWS", "10000"))
FILESTORES = [int(size) for size in os.environ.get("BENCH_FILESTORES", "60,2000").split(",")]
AGENTS = int(os.environ.get("BENCH_AGENTS", "1000"))
UNITS = int(os.environ.get("BENCH_UNITS", "30"))
WATCHERS = int(os.environ.get("BENCH_WATCHERS", "2000"))
DOCUMENT = surroundings.FOLDER / "docs" / "benchmarks.md"
NOTES = "## Notes"


def main() -> None:
    wanted_settings = surroundings.environment()
    if not wanted_settings.items() <= os.environ.items():
        # the settings have been read already: start over with those of the benchmark
        os.execve(sys.executable, [sys.executable, "-m", __package__, *sys.argv[1:]], os.environ | wanted_settings)  # noqa: S606
    surroundings.make_database()
    import django  # noqa: PLC0415

    django.setup()
    from eazynova_site.benchmarks import handovers, reports, watchers  # noqa: PLC0415

    parts: dict[str, Callable[[], list[str]]] = {
        "a": lambda: reports.creations_table(CREATIONS, RUNS),
        "b": lambda: reports.in_flight(IN_FLIGHT),
        "c": lambda: reports.requests(RUNS),
        "d": lambda: reports.growth(GROWTH),
        "e": lambda: reports.pages(ROWS),
        "f": lambda: reports.backups_table(FILESTORES),
        "g": lambda: reports.idle_agents(AGENTS),
        "h": lambda: handovers.report(UNITS),
        "i": lambda: watchers.report(WATCHERS),
    }
    wanted = sys.argv[1:] or list(parts)
    machine = f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the start"
    lines = ["# Benchmarks", "", f"{datetime.now(UTC):%Y-%m-%d}, {machine}. `make bench` writes this anew.", ""]
    for part in wanted:
        told = parts[part]()
        sys.stdout.write("\n".join(told) + "\n")
        lines += told
    if wanted == list(parts) or os.environ.get("BENCH_WRITE"):
        before = DOCUMENT.read_text() if DOCUMENT.exists() else ""
        notes = NOTES + before.partition(NOTES)[2] if NOTES in before else ""
        DOCUMENT.write_text("\n".join(lines) + "\n" + notes)


if __name__ == "__main__":
    main()
