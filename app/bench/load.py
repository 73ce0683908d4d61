"""wrk (a Debian package) as load generator: it sends prepared batches, each once, and counts what it hears."""

import json
import re
import shutil
import signal
import struct
import subprocess
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

THREADS = 1
CONNECTIONS = 128
POLL_S = 0.01
# Each thread reads its own file of (token length, body length, token, body), so no batch is sent twice.
# wrk calls request() once before it starts and throws the result away: that call must not cost a batch.
# It also sleeps for its whole duration, so a finished thread leaves a file and wrk is interrupted.
# Answers other than 200 are counted apart.
SCRIPT = """
local threads = {}
function setup(thread) thread:set("number", #threads); table.insert(threads, thread) end
function init(args)
  file = assert(io.open(args[1] .. "/batches-" .. number, "rb"))
  folder, path = args[1], args[2]
  sent, stored, refused = 0, 0, 0
end
local function length() local s = file:read(4); if not s then return nil end
  local a, b, c, d = s:byte(1, 4); return a + b * 256 + c * 65536 + d * 16777216 end
function request()
  if not warm then warm = true; return wrk.format("GET", "/health/live") end
  local t = length()
  if not t then done_sending = true; return wrk.format("GET", "/health/live") end
  local n = length()
  local token, body = file:read(t), file:read(n)
  sent = sent + 1
  local headers = {["Authorization"] = "Bearer " .. token, ["Content-Type"] = "application/json"}
  return wrk.format("POST", path, headers, body)
end
function response(status, headers, body)
  if status == 200 and #body > 30 then stored = stored + 1 elseif status > 299 then refused = refused + 1 end
  if done_sending and not told and stored + refused >= sent then
    told = true
    io.open(folder .. "/done-" .. number, "w"):close()
  end
end
function done(summary, latency, requests)
  local sent, stored, refused = 0, 0, 0
  for _, thread in ipairs(threads) do
    sent, stored, refused = sent + thread:get("sent"), stored + thread:get("stored"), refused + thread:get("refused")
  end
  print(string.format('RESULT {"sent": %d, "stored": %d, "refused": %d, "socket_errors": %d, "timeouts": %d, ' ..
    '"p50_ms": %.3f, "p99_ms": %.3f}',
    sent, stored, refused, summary.errors.connect + summary.errors.read + summary.errors.write,
    summary.errors.timeout, latency:percentile(50) / 1000, latency:percentile(99) / 1000))
end
"""


class WrkMissingError(Exception):
    """The load generator is not installed."""


@dataclass(frozen=True, slots=True)
class LoadResult:
    """What wrk counted in `seconds`. `stored`: answered 200."""

    seconds: float
    sent: int
    stored: int
    refused: int
    socket_errors: int
    timeouts: int
    p50_ms: float
    p99_ms: float


def write_batches(folder: Path, batches: Iterable[tuple[str, bytes]]) -> int:
    """Writes the files that wrk's threads read, the batches dealt out in turn; returns how many."""
    files = [(folder / f"batches-{n}").open("wb") for n in range(THREADS)]
    count = 0
    for token, body in batches:
        files[count % THREADS].write(struct.pack("<II", len(token), len(body)) + token.encode() + body)
        count += 1
    for file in files:
        file.close()
    (folder / "load.lua").write_text(SCRIPT)
    return count


def run(folder: Path, url: str, path: str, *, seconds: float, connections: int = CONNECTIONS) -> LoadResult:
    """Sends the batches in `folder` to `url + path` for at most `seconds`. Raises WrkMissingError."""
    wrk = shutil.which("wrk")
    if wrk is None:
        raise WrkMissingError("wrk is not installed: apt-get install wrk")
    command: Sequence[str] = (
        wrk,
        f"-t{THREADS}",
        f"-c{connections}",
        f"-d{seconds:.0f}s",
        "--timeout",
        "30s",
        "-s",
        str(folder / "load.lua"),
        url,
        "--",
        str(folder),
        path,
    )
    for marker in folder.glob("done-*"):
        marker.unlink()
    began_at = time.monotonic()
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        while process.poll() is None and len(list(folder.glob("done-*"))) < THREADS:
            time.sleep(POLL_S)
        took_s = time.monotonic() - began_at
        process.send_signal(signal.SIGINT)
        said, _ = process.communicate()
    found = re.search(r"^RESULT (\{.*\})$", said, re.MULTILINE)
    if found is None:
        raise RuntimeError(f"wrk said: {said}")
    return LoadResult(seconds=took_s, **json.loads(found[1]))
