"""The network, data and recipe of examples/shakespeare.yaml in PyTorch. Arguments: the text, a seed. Prints the validation loss in nats."""
import sys
import time

import torch
from torch import nn

text = open(sys.argv[1], encoding="utf-8").read()
held_out = int(len(text) * 0.1)
train, validation = text[:len(text) - held_out], text[len(text) - held_out:]
alphabet = sorted(set(text))
index = {c: i for i, c in enumerate(alphabet)}
torch.manual_seed(int(sys.argv[2]) if len(sys.argv) > 2 else 1)
torch.set_num_threads(1)
LANES, CHUNK = 50, 50


def rows(part):
    ids = torch.tensor([index[c] for c in part])
    length = (len(ids) - 1) // LANES
    pick = torch.arange(LANES)[:, None] * length + torch.arange(length + 1)[None, :]
    return ids[pick].t()


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(len(alphabet), 128)
        self.rnn = nn.LSTM(128, 128, 2)
        self.head = nn.Linear(128, len(alphabet))

    def forward(self, x, state):
        y, state = self.rnn(self.embedding(x), state)
        return self.head(y), state


net = Net()
adam = torch.optim.Adam(net.parameters(), lr=2e-3)
training, held = rows(train), rows(validation)


def chunks(part):
    last = len(part) - 1
    for start in range(0, last, CHUNK):
        end = min(start + CHUNK, last)
        yield part[start:end], part[start + 1:end + 1]


began = time.process_time()
for epoch in range(5):
    state, total, count = None, 0.0, 0
    for x, y in chunks(training):
        out, state = net(x, state)
        state = tuple(s.detach() for s in state)
        loss = nn.functional.cross_entropy(out.reshape(-1, len(alphabet)), y.reshape(-1))
        adam.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 5)
        adam.step()
        total += loss.item() * y.numel()
        count += y.numel()
    with torch.no_grad():
        state, held_total, held_count = None, 0.0, 0
        for x, y in chunks(held):
            out, state = net(x, state)
            held_total += nn.functional.cross_entropy(out.reshape(-1, len(alphabet)), y.reshape(-1), reduction="sum").item()
            held_count += y.numel()
    print(f"epoch {epoch + 1}: training {total / count:.4f}, validation {held_total / held_count:.4f} nats, "
          f"{time.process_time() - began:.0f} s of the processor", flush=True)
