"""python -m tests.sheets_server --port 8787: serve by hand until Ctrl-C."""

import argparse
import contextlib
import json
import sys
from pathlib import Path

from . import Quota, SheetsServer


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.sheets_server", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 (the default) takes any free one")
    parser.add_argument("--state", type=Path, help="a JSON file to keep the spreadsheets in")
    parser.add_argument(
        "--minute-limit", type=int, default=0, metavar="N", help="N reads and N writes a minute, then 429"
    )
    parser.add_argument("--retry-after", default="", metavar="S", help="say Retry-After: S with a 429 of the limit")
    parser.add_argument("--faults", type=Path, metavar="FILE", help="a JSON list of faults, as for /-/faults")
    parser.add_argument("--strict-tokens", action="store_true", help="accept only tokens that this server gave")
    parser.add_argument("--keys", type=Path, metavar="FOLDER", help="with it: put files to sign in with there")
    given = parser.parse_args()
    tokens = None
    if given.strict_tokens:
        from .tokens import Tokens

        tokens = Tokens()
    quota = Quota(given.minute_limit, given.retry_after)
    server = SheetsServer(port=given.port, state=given.state, tokens=tokens, quota=quota)
    if tokens and given.keys:
        tokens.samples(given.keys, server.url)
    for fault in json.loads(given.faults.read_text(encoding="utf-8")) if given.faults else []:
        server.faults.add(**fault)
    sys.stdout.write(server.url + "\n")
    sys.stdout.flush()
    with contextlib.suppress(KeyboardInterrupt):
        server.serve()
    server.closing.set()


if __name__ == "__main__":
    main()
