"""PyTorch's word_language_model settings on the words of examples/shakespeare-words.yaml. Arguments: the text, epochs."""
import collections
import math
import sys
import time

import torch
from torch import nn

words = [w for line in open(sys.argv[1], encoding="utf-8").read().splitlines() for w in line.split() + ["<eos>"]]
epochs = int(sys.argv[2])
often = collections.Counter(words)
words = [w if often[w] >= 5 or w == "<eos>" else "<unk>" for w in words]
index = {w: i for i, w in enumerate(dict.fromkeys(words))}
ids = torch.tensor([index[w] for w in words])
held = int(len(ids) * 0.1)
torch.manual_seed(1)
LANES, CHUNK, SIZE = 20, 35, 200


def rows(part):
    length = (len(part) - 1) // LANES
    return part[torch.arange(LANES)[:, None] * length + torch.arange(length + 1)[None, :]].t()


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.drop, self.embedding = nn.Dropout(0.2), nn.Embedding(len(index), SIZE)
        self.rnn, self.head = nn.LSTM(SIZE, SIZE, 2, dropout=0.2), nn.Linear(SIZE, len(index))
        nn.init.uniform_(self.embedding.weight, -0.1, 0.1)
        nn.init.uniform_(self.head.weight, -0.1, 0.1)
        nn.init.zeros_(self.head.bias)

    def forward(self, x, state):
        y, state = self.rnn(self.drop(self.embedding(x)), state)
        return self.head(self.drop(y)), state


def run(part, train):
    net.train(train)
    state, total, count = None, 0.0, 0
    for start in range(0, len(part) - 1, CHUNK):
        end = min(start + CHUNK, len(part) - 1)
        out, state = net(part[start:end], state)
        state = tuple(s.detach() for s in state)
        y = part[start + 1:end + 1].reshape(-1)
        loss = nn.functional.cross_entropy(out.reshape(-1, len(index)), y)
        if train:
            net.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(net.parameters(), 0.25)
            with torch.no_grad():
                for p in net.parameters():
                    p.add_(p.grad, alpha=-lr)
        total += loss.item() * len(y)
        count += len(y)
    return total / count


net, lr, best, began = Net(), 20.0, None, time.process_time()
print(len(index), "words", len(ids) - held, "trained on")
for epoch in range(epochs):
    trained = run(rows(ids[:-held]), True)
    with torch.no_grad():
        loss = run(rows(ids[-held:]), False)
    print(f"epoch {epoch + 1}: lr {lr}, perplexity in training {math.exp(trained):.1f}, validation {math.exp(loss):.2f}, "
          f"{time.process_time() - began:.0f} s of the processor", flush=True)
    if best is None or loss < best:
        best = loss
    else:
        lr /= 4
print(f"lowest {math.exp(best):.2f}")
