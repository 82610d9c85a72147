"""Runs the commands of README.md, as printed, and compares what they print with what the README shows.

    readme.py PORTICO GRPC_PORT ADMIN_PORT SANDBOX_PORT

The demo must be running, fresh, on these ports; they replace the default ones in the commands. Of a line of JSON only the
name counts, because values change with the traffic. A line with `…` stands for any lines. A command whose output begins
with `ERROR:` must fail, any other must succeed.
"""

import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[3]
TOOLS = ("grpcurl", "buf", "curl", "target/release/portico", "S=")


def blocks():
    """The commands with the lines shown after each."""
    page = (ROOT / "README.md").read_text()
    for block in re.findall(r"^```console\n(.*?)^```", page, re.M | re.S):
        for part in re.split(r"^\$ ", block, flags=re.M)[1:]:
            command, _, shown = part.partition("\n")
            yield command, shown.splitlines()


def core(line):
    """The part of a line that must be the same."""
    line = line.strip()
    name = re.match(r'("\w+"):', line)
    return name.group(1) if name else line


def differs(shown, printed):
    """The first shown line that was not printed, in order."""
    printed = iter([core(line) for line in printed])
    for line in shown:
        if "…" in line or not line.strip():
            continue
        if core(line) not in printed:
            return line
    return None


def main():
    portico, *ports = sys.argv[1:]
    setup, failures, count = "", 0, 0
    for command, shown in blocks():
        if not command.startswith(TOOLS):
            continue
        if command.startswith("S="):
            setup = command
            continue
        run, printed_ports = command.replace("target/release/portico", portico), ("50051", "9090", "8080")
        for default, port in zip(printed_ports, ports, strict=True):
            run = run.replace(f":{default}", f":{port}")
            shown = [line.replace(f":{default}", f":{port}") for line in shown]
        result = subprocess.run(
            ["bash", "-c", f"{setup}\n{run}"], cwd=ROOT, capture_output=True, text=True, timeout=60
        )
        output = (result.stdout + result.stderr).splitlines()
        must_fail = bool(shown) and shown[0] == "ERROR:"
        missing = differs(shown, output)
        count += 1
        if (result.returncode != 0) != must_fail or missing is not None:
            failures += 1
            print(f"FAILED ({result.returncode}): {command}\n  not printed: {missing}", *output, sep="\n  ")
    print(f"{count} commands of the README, {failures} failed")
    # A README without commands would pass for nothing.
    sys.exit(failures > 0 or count < 10)


if __name__ == "__main__":
    main()
