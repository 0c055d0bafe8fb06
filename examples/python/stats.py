# %% [markdown]
# # What an app uses, over a minute
# Each part that begins with `# %%` is a cell of a notebook; as a script it writes `stats.png`.

# %%
import sys
import time
from collections.abc import Sequence

import byop
import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
from byop.types import ContainerStats


# %% Sample an app: numbers are plain data.
def sample(engine: byop.Engine, app: str, *, seconds: float, every: float) -> list[ContainerStats]:
    samples = []
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        samples.append(engine.stats(app))
        time.sleep(every)
    return samples


# %% Plot them.
def plot(samples: Sequence[ContainerStats], every: float, file: str) -> None:
    times = [index * every for index in range(len(samples))]
    figure, (cpu, memory) = plt.subplots(2, sharex=True)
    cpu.plot(times, [each["cpu_percent"] for each in samples])
    cpu.set_ylabel("CPU, %")
    memory.plot(times, [each["memory_bytes"] / 2**20 for each in samples])
    memory.set_ylabel("memory, MiB")
    memory.set_xlabel("seconds")
    figure.savefig(file)


# %%
if __name__ == "__main__":
    engine = byop.Engine(store=byop.SqliteStore.from_env())
    plot(sample(engine, sys.argv[1], seconds=60, every=1), 1, "stats.png")
