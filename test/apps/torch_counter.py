#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Train a small model on the GPU and say "count N CHECKSUM" at each step.

Two runs with the same --seed print the same lines, interrupted or not: compare
the output of a run that was dumped and restored with that of one that was not
(--expect FILE does it on the fly). With --ballast there is memory that the steps do
not touch; the last line is its checksum.
"""
import argparse
import os
import sys
import time
import zlib

os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
import torch  # noqa: E402


def options():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=0, help="0: never end")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--width", type=int, default=1024)
    parser.add_argument("--interval", type=int, default=100, help="milliseconds")
    parser.add_argument("--ballast", type=int, default=0, help="MiB")
    parser.add_argument("--expect", help="a file of the lines that are to come")
    return parser.parse_args()


def checksum(tensors):
    crc = 0
    for tensor in tensors:
        crc = zlib.crc32(tensor.detach().cpu().numpy().tobytes(), crc)
    return crc


def main():
    args = options()
    expected = open(args.expect).read().splitlines() if args.expect else []
    torch.manual_seed(args.seed)
    torch.use_deterministic_algorithms(True)
    model = torch.nn.Sequential(
        torch.nn.Linear(args.width, args.width), torch.nn.Tanh(), torch.nn.Linear(args.width, 1)
    ).cuda()
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-4)
    generator = torch.Generator(device="cuda").manual_seed(args.seed)
    ballast = [
        torch.randint(256, (1 << 20,), dtype=torch.uint8, device="cuda", generator=generator)
        for _ in range(args.ballast)
    ]
    step = 0
    while not args.steps or step < args.steps:
        data = torch.randn(256, args.width, device="cuda", generator=generator)
        loss = (model(data) - data.sum(1, keepdim=True)).square().mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        line = f"count {step + 1} {checksum(model.parameters()):08x}"
        print(line, flush=True)
        if step < len(expected) and expected[step] != line:
            sys.exit(f"expected: {expected[step]}")
        step += 1
        time.sleep(args.interval / 1000)
    if ballast:
        print(f"ballast {checksum(ballast):08x}")


if __name__ == "__main__":
    main()
