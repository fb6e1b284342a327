"""An epoch over sequences of unlike lengths, written with PyTorch only, on one thread: batches of 32 sequences in order, truncated
backpropagation through chunks of time. Arguments: packed or padded, sequences, time steps of a chunk, lanes, inputs, hidden units.
Prints PyTorch's version; then, for every line of its input, trains that many batches (fewer at the end) and prints the seconds of the wall
and of the processor, the batches and the time steps that it has trained."""
import sys
import time

import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence, pad_sequence

how, (count, steps, lanes, inputs, hidden) = sys.argv[1], map(int, sys.argv[2:])
torch.set_num_threads(1)
torch.manual_seed(1)
lengths = [int(10 * 400 ** ((i + 1) * 0.6180339887498949 % 1)) for i in range(count)]
xs = [torch.randn(length, inputs) for length in lengths]
ys = [x.mean(-1, keepdim=True) for x in xs]
lstm, head = nn.LSTM(inputs, hidden, batch_first=True), nn.Linear(hidden, 1)
optimizer = torch.optim.Adam([*lstm.parameters(), *head.parameters()], lr=1e-3)


def train_padded(x, y, lengths):
    """Every lane goes on to the end of the longest sequence; a mask takes what is padding out of the loss."""
    state = None
    mask = torch.arange(x.shape[1])[None, :, None] < lengths[:, None, None]
    for start in range(0, x.shape[1], steps):
        optimizer.zero_grad()
        outputs, state = lstm(x[:, start:start + steps], state)
        real = mask[:, start:start + steps]
        loss = (((head(outputs) - y[:, start:start + steps]) ** 2) * real).sum() / real.sum()
        loss.backward()
        optimizer.step()
        state = tuple(one.detach() for one in state)
        loss.item()


def train_packed(x, y, lengths):
    """Sequences are packed, chunk by chunk; those that have ended are left out of the batch, which is sorted by length."""
    state = None
    for start in range(0, x.shape[1], steps):
        alive = int((lengths > start).sum())
        left = (lengths[:alive] - start).clamp(max=steps)
        optimizer.zero_grad()
        packed = pack_padded_sequence(x[:alive, start:start + steps], left, batch_first=True)
        if state is not None:
            state = tuple(one[:, :alive].contiguous() for one in state)
        outputs, state = lstm(packed, state)
        outputs, _ = pad_packed_sequence(outputs, batch_first=True)
        mask = torch.arange(outputs.shape[1])[None, :] < left[:, None]
        loss = nn.functional.mse_loss(head(outputs[mask]), y[:alive, start:start + outputs.shape[1]][mask])
        loss.backward()
        optimizer.step()
        state = tuple(one.detach() for one in state)
        loss.item()


def batch(first):
    own = sorted(range(first, min(first + lanes, count)), key=lambda i: -lengths[i])
    train = train_packed if how == "packed" else train_padded
    train(pad_sequence([xs[i] for i in own], batch_first=True), pad_sequence([ys[i] for i in own], batch_first=True),
          torch.tensor([lengths[i] for i in own]))
    return sum(lengths[i] for i in own)


print(torch.__version__, flush=True)
at = 0
for line in sys.stdin:
    wall, processor, done, trained = time.perf_counter(), time.process_time(), 0, 0
    while done < int(line) and at < count:
        trained += batch(at)
        at += lanes
        done += 1
    print(time.perf_counter() - wall, time.process_time() - processor, done, trained, flush=True)
