"""The same chunk-steps as tbptt-gpu's, by PyTorch's nn.LSTM (cuDNN), without optimizer: forward, backward, gradients to the host.
Arguments: tf32 or float32, and the device. Prints cell, layers, lanes, steps, inputs, hidden, outputs, and the median and the least microseconds."""
import sys
import time

import torch
from torch import nn

device = torch.device(sys.argv[2] if len(sys.argv) > 2 else "cuda:0")
torch.cuda.set_device(device)
torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = sys.argv[1] == "tf32"
print(f"# torch {torch.__version__}, cuDNN {torch.backends.cudnn.version()}, {torch.cuda.get_device_name(device)}, {sys.argv[1]}", flush=True)
cases = [(10, 10, 10, 20, 5)] + [(n, k, 64, h, 8) for h in (64, 128, 512, 1024) for n in (32, 64, 256) for k in (64, 256)]
for lanes, steps, inputs, hidden, outputs in cases:
    rnn, head = nn.LSTM(inputs, hidden).cuda(), nn.Linear(hidden, outputs).cuda()
    parameters = [*rnn.parameters(), *head.parameters()]
    x, y = torch.randn(steps, lanes, inputs).pin_memory(), torch.randn(steps, lanes, outputs).pin_memory()
    state = tuple(torch.zeros(1, lanes, hidden, device="cuda") for _ in range(2))
    times = []
    began = time.perf_counter()
    while len(times) < 53 and (len(times) < 6 or time.perf_counter() - began < 3):
        start = time.perf_counter()
        for one in parameters:
            one.grad = None
        hiddens, after = rnn(x.cuda(non_blocking=True), state)
        loss = nn.functional.mse_loss(head(hiddens), y.cuda(non_blocking=True), reduction="sum")
        loss.backward()
        torch.cat([one.grad.flatten() for one in parameters]).cpu()
        loss.item()
        times.append(time.perf_counter() - start)
    times = sorted(times[3:])
    case = f"pytorch-{sys.argv[1]},lstm,1,{lanes},{steps},{inputs},{hidden},{outputs}"
    print(f"{case},{times[len(times) // 2] * 1e6:.1f},{times[0] * 1e6:.1f}", flush=True)
