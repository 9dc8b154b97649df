#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Ranks that work together over NCCL, one on each GPU, and check themselves at each step.

Either they add up a tensor, which they launch several times before they look, or, with
--train, they train a model, each with data of its own, and wait in each step. This program
uses no GPU itself. Rank I says "count N CHECKSUM" in the file DIR/rank-I: all ranks have the
same checksums, and two runs with the same options too, interrupted or not. Whether the
ranks share GPU memory is for NCCL's variables to say; they meet by a file in DIR.
"""
import argparse
import os
import subprocess
import sys
import time
import zlib

os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
os.environ.setdefault("NCCL_SOCKET_IFNAME", "lo")


def options():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--dir", required=True)
    parser.add_argument("--ranks", type=int, default=2)
    parser.add_argument("--counts", type=int, default=0, help="0: never end")
    parser.add_argument("--interval", type=int, default=100, help="milliseconds; 0: none")
    parser.add_argument("--sync", type=int, default=1, help="sums between two checks")
    parser.add_argument("--kib", type=int, default=4096, help="size of the tensor of the sums")
    parser.add_argument("--train", action="store_true", help="train in place of sums")
    parser.add_argument("--rank", type=int, default=-1, help=argparse.SUPPRESS)
    return parser.parse_args()


def checksum(tensors):
    crc = 0
    for tensor in tensors:
        crc = zlib.crc32(tensor.detach().cpu().numpy().tobytes(), crc)
    return crc


def sums(args):
    """Each yields a checksum of the sum of all sums, whose every element is known."""
    import torch
    import torch.distributed as dist

    tensor = torch.empty(args.kib << 7, device="cuda", dtype=torch.int64)
    total = torch.zeros_like(tensor)
    step = 0
    while True:
        for _ in range(args.sync):
            tensor.fill_(step + args.rank)
            dist.all_reduce(tensor)
            total += tensor
            step += 1
        expected = args.ranks * step * (step - 1) // 2 + step * sum(range(args.ranks))
        if not bool((total == expected).all()):
            sys.exit(f"step {step}: the sum is {total[0].item()}, not {expected}")
        yield checksum([total[:1]])


def training(args):
    """Each yields a checksum of the parameters."""
    import torch

    torch.use_deterministic_algorithms(True)
    torch.manual_seed(1)
    width = 512
    model = torch.nn.parallel.DistributedDataParallel(
        torch.nn.Sequential(
            torch.nn.Linear(width, width), torch.nn.Tanh(), torch.nn.Linear(width, 1)
        ).cuda(),
        device_ids=[args.rank],
    )
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-4)
    generator = torch.Generator(device="cuda").manual_seed(args.rank)
    while True:
        data = torch.randn(64, width, device="cuda", generator=generator)
        loss = (model(data) - data.sum(1, keepdim=True)).square().mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        yield checksum(model.parameters())


def be_rank(args):
    import torch
    import torch.distributed as dist

    torch.cuda.set_device(args.rank)
    dist.init_process_group(
        "nccl", init_method=f"file://{args.dir}/store", rank=args.rank, world_size=args.ranks
    )
    count = 0
    for crc in (training if args.train else sums)(args):
        count += 1
        print(f"count {count} {crc:08x}", flush=True)
        if count == args.counts:
            break
        time.sleep(args.interval / 1000)
    dist.destroy_process_group()


def main():
    args = options()
    if args.rank >= 0:
        be_rank(args)
        return

    ranks = []
    for rank in range(args.ranks):
        with open(f"{args.dir}/rank-{rank}", "w") as out:
            ranks.append(subprocess.Popen([sys.executable] + sys.argv + ["--rank", str(rank)], stdout=out))
    sys.exit(max(rank.wait() for rank in ranks))


if __name__ == "__main__":
    main()
