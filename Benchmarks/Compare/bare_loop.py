"""The chunk-step loop written with PyTorch only, on one thread. Arguments: cell (lstm or gru), layers, lanes, time steps of a chunk, inputs,
hidden units, outputs, and words, 0 for values. Prints PyTorch's version; then, for every line of its input, trains for that many seconds and
prints the microseconds of the processor per chunk-step."""
import sys
import time

import torch
from torch import nn

cell, (layers, lanes, steps, inputs, hidden, outputs, words) = sys.argv[1], map(int, sys.argv[2:])
chunks = 10
torch.set_num_threads(1)
torch.manual_seed(1)
embedding = nn.Embedding(words, inputs) if words else nn.Identity()
rnn, head = {"lstm": nn.LSTM, "gru": nn.GRU}[cell](inputs, hidden, layers, batch_first=True), nn.Linear(hidden, words or outputs)
optimizer = torch.optim.Adam([*embedding.parameters(), *rnn.parameters(), *head.parameters()], lr=1e-3)
if words:
    drawn = torch.pow(float(words), torch.rand(lanes, steps * chunks + 1)).long()
    x, y = drawn[:, :-1], drawn[:, 1:]
else:
    x, y = torch.randn(lanes, steps * chunks, inputs), torch.randn(lanes, steps * chunks, outputs)
xs, ys = [one.contiguous() for one in x.tensor_split(chunks, 1)], [one.contiguous() for one in y.tensor_split(chunks, 1)]
state, chunk = None, 0
print(torch.__version__, flush=True)
for line in sys.stdin:
    started, before, done = time.perf_counter(), time.thread_time(), 0
    while time.perf_counter() - started < float(line):
        if chunk == 0:
            state = None
        optimizer.zero_grad()
        hiddens, state = rnn(embedding(xs[chunk]), state)
        answers = head(hiddens)
        loss = nn.functional.cross_entropy(answers.flatten(0, 1), ys[chunk].flatten()) if words \
            else nn.functional.mse_loss(answers, ys[chunk])
        loss.backward()
        optimizer.step()
        state = tuple(one.detach() for one in state) if cell == "lstm" else state.detach()
        loss.item()
        chunk = (chunk + 1) % chunks
        done += 1
    print((time.thread_time() - before) / done * 1e6, flush=True)
