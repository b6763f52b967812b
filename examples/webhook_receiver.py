#!/usr/bin/python3
"""A receiver of delivery statuses: checks each signature, acknowledges, counts.

  examples/webhook_receiver.py --port 8090 --secret whsec_...

GET /count answers what came so far. Debian package: python3-aiohttp.
The signature is that of Standard Webhooks: HMAC-SHA256 over "id.timestamp.body".
"""
import argparse
import base64
import collections
import hashlib
import hmac
import json
import time

from aiohttp import web

TOLERANCE_S = 5 * 60  # Older signatures may be replays.


def verify(secret: str, headers, body: bytes) -> bool:
    """Whether one of the signatures is that of the secret, made just now."""
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"))
        signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
        age_s = abs(time.time() - int(headers["webhook-timestamp"]))
        signatures = headers["webhook-signature"].split()
    except (KeyError, ValueError):
        return False
    expected = "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    return age_s <= TOLERANCE_S and any(hmac.compare_digest(expected, s) for s in signatures)


class Receiver:
    def __init__(self, secret: str, verbose: bool):
        self.secret = secret
        self.verbose = verbose
        self.received = 0
        self.refused = 0
        self.statuses = {}  # id -> status; a webhook may come twice.

    async def on_webhook(self, request: web.Request) -> web.Response:
        body = await request.read()
        if self.secret and not verify(self.secret, request.headers, body):
            self.refused += 1
            return web.Response(status=401, text="bad signature\n")
        event = json.loads(body)
        self.received += 1
        self.statuses[event["id"]] = event["status"]
        if self.verbose:
            print(event, flush=True)
        return web.Response(status=204)

    async def on_count(self, _request: web.Request) -> web.Response:
        return web.json_response({
            "received": self.received,
            "refused": self.refused,
            "distinct": len(self.statuses),
            "statuses": collections.Counter(self.statuses.values()),
        })


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--port", type=int, default=8090)
    parser.add_argument("--secret", default="", help="whsec_...; absent: signatures are not checked")
    parser.add_argument("--verbose", action="store_true", help="print each webhook")
    args = parser.parse_args()
    receiver = Receiver(args.secret, args.verbose)
    app = web.Application()
    app.router.add_get("/count", receiver.on_count)
    app.router.add_post("/{path:.*}", receiver.on_webhook)
    web.run_app(app, host="127.0.0.1", port=args.port, print=None, access_log=None)


if __name__ == "__main__":
    main()
