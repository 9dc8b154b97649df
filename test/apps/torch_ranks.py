#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Ranks that add up a tensor over NCCL, one on each GPU, and check the sum at each step.

This program uses no GPU itself. Rank I says "count N" in the file DIR/rank-I. Whether the
ranks share GPU memory is for NCCL's variables to say; they meet by a file in DIR.
"""
import argparse
import os
import subprocess
import sys
import time


def options():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--dir", required=True)
    parser.add_argument("--ranks", type=int, default=2)
    parser.add_argument("--interval", type=int, default=100, help="milliseconds; 0: none")
    parser.add_argument("--sync", type=int, default=1, help="steps between two checks")
    parser.add_argument("--rank", type=int, default=-1, help=argparse.SUPPRESS)
    return parser.parse_args()


def be_rank(args):
    import torch
    import torch.distributed as dist

    torch.cuda.set_device(args.rank)
    dist.init_process_group(
        "nccl", init_method=f"file://{args.dir}/store", rank=args.rank, world_size=args.ranks
    )
    tensor = torch.ones(1 << 20, device="cuda")
    step = 0
    while True:
        for _ in range(args.sync):
            tensor.fill_(step + args.rank)
            dist.all_reduce(tensor)
            step += 1
        expected = sum(step - 1 + rank for rank in range(args.ranks))
        if not bool((tensor == expected).all()):
            sys.exit(f"step {step}: the sum is {tensor[0].item()}, not {expected}")
        print(f"count {step // args.sync}", flush=True)
        time.sleep(args.interval / 1000)


def main():
    args = options()
    if args.rank >= 0:
        be_rank(args)

    ranks = []
    for rank in range(args.ranks):
        with open(f"{args.dir}/rank-{rank}", "w") as out:
            ranks.append(subprocess.Popen([sys.executable] + sys.argv + ["--rank", str(rank)], stdout=out))
    sys.exit(max(rank.wait() for rank in ranks))


if __name__ == "__main__":
    os.environ.setdefault("NCCL_SOCKET_IFNAME", "lo")
    main()
