"""The time of PyTorch's gloo to sum numbers of two processes on the loopback. Argument: how many numbers. Prints PyTorch's version, and the
microseconds per all-reduce: the median of thirty, after ten that warm up."""
import os
import statistics
import sys
import time

import torch
import torch.distributed as dist
import torch.multiprocessing as mp


def work(rank, count, port):
    os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port), GLOO_SOCKET_IFNAME="lo")
    torch.set_num_threads(1)
    dist.init_process_group("gloo", rank=rank, world_size=2)
    numbers = torch.ones(count)
    times = []
    for _ in range(40):
        dist.barrier()
        started = time.perf_counter()
        dist.all_reduce(numbers)
        times.append((time.perf_counter() - started) * 1e6)
        numbers.fill_(1)
    if rank == 0:
        print(torch.__version__, statistics.median(times[10:]), flush=True)
    dist.destroy_process_group()


if __name__ == "__main__":
    import socket

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    mp.spawn(work, args=(int(sys.argv[1]), port), nprocs=2)
