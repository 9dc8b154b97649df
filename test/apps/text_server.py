#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Serve a language model by HTTP: GET /N has it generate N tokens, a line each as they come.

The model has random weights: nothing is downloaded. What it generates depends on the weights,
the cache of what it has generated, and the GPU's random numbers, and is the same for the same
seed, interrupted or not. Says "serving PORT" when it is ready.
"""
import argparse
import http.server
import time

import torch
from transformers import GPT2Config, GPT2LMHeadModel


def options():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--layers", type=int, default=24)
    parser.add_argument("--width", type=int, default=1536)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--interval", type=int, default=20, help="milliseconds for each token")
    return parser.parse_args()


def tokens(model, seed):
    generator = torch.Generator(device="cuda").manual_seed(seed)
    token = torch.ones(1, 1, dtype=torch.long, device="cuda")
    cache = None
    while True:
        with torch.inference_mode():
            answer = model(token, past_key_values=cache, use_cache=True)
        cache = answer.past_key_values
        odds = torch.softmax(answer.logits[:, -1].float(), -1)
        token = torch.multinomial(odds, 1, generator=generator)
        yield int(token)


def main():
    args = options()
    torch.manual_seed(args.seed)
    config = GPT2Config(n_layer=args.layers, n_embd=args.width, n_head=args.width // 64)
    model = GPT2LMHeadModel(config).half().cuda().eval()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            for number, token in zip(range(int(self.path[1:])), tokens(model, args.seed)):
                self.wfile.write(f"{number + 1} {token}\n".encode())
                time.sleep(args.interval / 1000)

        def log_message(self, *_):
            pass

    server = http.server.HTTPServer(("127.0.0.1", args.port), Handler)
    print(f"serving {args.port}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
