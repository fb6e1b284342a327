"""The chunk-step loop written with PyTorch only, on one thread. Arguments: lanes, time steps of a chunk, inputs, hidden units.
Prints PyTorch's version; then, for every line of its input, trains for that many seconds and prints the microseconds per chunk-step."""
import sys
import time

import torch
from torch import nn

lanes, steps, inputs, hidden = map(int, sys.argv[1:])
chunks = 10
torch.set_num_threads(1)
torch.manual_seed(1)
lstm, head = nn.LSTM(inputs, hidden, batch_first=True), nn.Linear(hidden, inputs // 2)
optimizer = torch.optim.Adam([*lstm.parameters(), *head.parameters()], lr=1e-3)
x = torch.randn(lanes, steps * chunks, inputs)
top, bottom = x.chunk(2, -1)
y = top + bottom.roll(1, -1)
xs, ys = x.tensor_split(chunks, 1), y.tensor_split(chunks, 1)
state, chunk = None, 0
print(torch.__version__, flush=True)
for line in sys.stdin:
    started, done = time.perf_counter(), 0
    while time.perf_counter() - started < float(line):
        if chunk == 0:
            state = None
        optimizer.zero_grad()
        outputs, state = lstm(xs[chunk], state)
        loss = nn.functional.mse_loss(head(outputs), ys[chunk])
        loss.backward()
        optimizer.step()
        state = tuple(one.detach() for one in state)
        loss.item()
        chunk = (chunk + 1) % chunks
        done += 1
    print((time.perf_counter() - started) / done * 1e6, flush=True)
