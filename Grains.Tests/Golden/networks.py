#!/usr/bin/env python3
"""Loss, states and gradients of small recurrent networks in float64, by PyTorch's autograd: networks.json, which NetworkGoldenTests reads.

Two layers of three units, two lanes of 7 and 5 time steps in chunks of 4, the states carried from chunk to chunk as constants. The cells
are written out from their papers; those that torch.nn has are compared with it here. Parameters, inputs and targets are hashes, as in
CounterRandom.cs and FormulaData.cs; what is dropped is one of (seed 3, the chunk as step, place, lane, time, unit), as in DropoutMasks.cs.

Usage: networks.py > networks.json
"""
import json

import numpy
import torch
from torch import nn

torch.set_num_threads(1)
torch.set_default_dtype(torch.float64)

LENGTHS, CHUNK, UNITS, LAYERS = (7, 5), 4, 3, 2
INPUTS, OUTPUTS = 2, 2
DATA, VOCABULARY, SEED, DROPOUT = 7, 5, 3, 3
MASK = (1 << 64) - 1
GAMMA = 0x9E3779B97F4A7C15


def mix(state):
    state = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    state = ((state ^ (state >> 27)) * 0x94D049BB133111EB) & MASK
    return state ^ (state >> 31)


def number(key, index):
    return mix((key + (index + 1) * GAMMA) & MASK)


def derive(key, *parts):
    for part in parts:
        key = mix(number(key, part) ^ GAMMA)
    return key


def uniform(key, index):
    return (number(key, index) >> 11) / (1 << 53)


def rounded(value):
    return float(numpy.float32(value))


def drawn(kind, sequence, time, feature):
    return uniform(derive(DATA, kind, sequence, time), feature)


def values(kind, sequence, time, width):
    return torch.tensor([rounded(2 * drawn(kind, sequence, time, feature) - 1) for feature in range(width)])


class Masks:
    """What is dropped in a step; in no step nothing is, and states are means."""

    def __init__(self, rates, step):
        self.rates, self.step = rates, step

    def key(self, *parts):
        return derive(number(0, SEED), DROPOUT, self.step, *parts)

    def is_on(self, name):
        return self.step is not None and self.rates.get(name, 0) > 0

    def drawn(self, key, rate, width, dropped=0.0, kept=None):
        kept = rounded(1 / (1 - rate)) if kept is None else kept
        return torch.tensor([dropped if number(key, i) >> 32 < int(rate * (1 << 32)) else kept for i in range(width)])

    def units(self, name, place, lane, time, values):
        if not self.is_on(name):
            return values
        key = self.key(place, lane) if self.rates.get("locked") else self.key(place, lane, time)
        return values * self.drawn(key, self.rates[name], len(values))

    def vectors(self):
        return self.drawn(self.key(2 << 32), self.rates["embedding"], VOCABULARY) if self.is_on("embedding") else torch.ones(VOCABULARY)

    def weights(self, layer, values):
        if not self.is_on("weight"):
            return values
        return values * self.drawn(self.key((3 << 32) + layer), self.rates["weight"], values.numel()).reshape(values.shape)

    def zone(self, layer, lane, time, before, after):
        mixed = dict(after)
        for state, (name, rate) in enumerate((("h", "zoneout"), ("c", "zoneoutCell"))):
            if self.rates.get(rate, 0) > 0:
                m = rounded(self.rates[rate])
                if self.step is not None:
                    key = self.key((1 << 32) + 2 * layer + state, lane, time)
                    m = self.drawn(key, self.rates[rate], len(after[name]), dropped=1.0, kept=0.0)
                mixed[name] = m * before[name] + (1 - m) * after[name]
        return mixed


def positive(x):
    return torch.where(x >= 0, x + 0.5, torch.sigmoid(x))


sigmoid, tanh = torch.sigmoid, torch.tanh


def lstm(w, x, s):
    i, f, g, o = (w["ih"] @ x + w["bih"] + w["hh"] @ s["h"] + w["bhh"]).chunk(4)
    c = sigmoid(f) * s["c"] + sigmoid(i) * tanh(g)
    return {"h": sigmoid(o) * tanh(c), "c": c}


def lstm_projected(w, x, s):
    after = lstm(w, x, s)
    return {**after, "h": w["hr"] @ after["h"]}


def gru(w, x, s):
    (ir, iz, n), (hr, hz, hn) = (w["ih"] @ x + w["bih"]).chunk(3), (w["hh"] @ s["h"] + w["bhh"]).chunk(3)
    z = sigmoid(iz + hz)
    return {"h": (1 - z) * tanh(n + sigmoid(ir + hr) * hn) + z * s["h"]}


def gru_reset_first(w, x, s):
    ir, iz, n = (w["ih"] @ x + w["bih"]).chunk(3)
    (wr, wz, wn), (br, bz, bn) = w["hh"].chunk(3), w["bhh"].chunk(3)
    r, z = sigmoid(ir + wr @ s["h"] + br), sigmoid(iz + wz @ s["h"] + bz)
    return {"h": (1 - z) * tanh(n + wn @ (r * s["h"]) + bn) + z * s["h"]}


def rnn(w, x, s):
    return {"h": tanh(w["ih"] @ x + w["bih"] + w["hh"] @ s["h"] + w["bhh"])}


def rnn_relu(w, x, s):
    return {"h": torch.relu(w["ih"] @ x + w["bih"] + w["hh"] @ s["h"] + w["bhh"])}


def mingru(w, x, s):
    z, n = (w["ih"] @ x + w["bih"]).chunk(2)
    return {"h": (1 - sigmoid(z)) * s["h"] + sigmoid(z) * positive(n)}


def minlstm(w, x, s):
    f, i, n = (w["ih"] @ x + w["bih"]).chunk(3)
    f, i = sigmoid(f), sigmoid(i)
    return {"h": f / (f + i) * s["h"] + i / (f + i) * positive(n)}


def slstm(w, x, s):
    """As the authors' program: autograd goes through the stabiliser, too."""
    i, f, z, o = (w["ih"] @ x + w["bih"] + w["hh"] @ s["h"] + w["bhh"]).chunk(4)
    decayed = s["m"] + nn.functional.logsigmoid(f)
    m = torch.where(s["n"] == 0, i, torch.maximum(decayed, i))
    gain, keep = torch.exp(i - m), torch.where(s["n"] == 0, torch.zeros_like(m), torch.exp(decayed - m))
    c, n = keep * s["c"] + gain * tanh(z), keep * s["n"] + gain
    return {"h": sigmoid(o) * c / n, "c": c, "n": n, "m": m}


# The length of h, where it is not the number of units.
PROJECTIONS = {"{name: lstm, projectionSize: 2}": 2}

# Gates, states, whether there are hidden weights, and torch.nn's module.
CELLS = {
    "lstm": (lstm, 4, "hc", True, nn.LSTM(1, 1)),
    "{name: lstm, projectionSize: 2}": (lstm_projected, 4, "hc", True, nn.LSTM(1, 2, proj_size=1)),
    "gru": (gru, 3, "h", True, nn.GRU(1, 1)),
    "{name: gru, resetAfter: false}": (gru_reset_first, 3, "h", True, None),
    "rnn": (rnn, 1, "h", True, nn.RNN(1, 1)),
    "{name: rnn, nonlinearity: relu}": (rnn_relu, 1, "h", True, nn.RNN(1, 1, nonlinearity="relu")),
    "mingru": (mingru, 2, "h", False, None),
    "minlstm": (minlstm, 3, "h", False, None),
    "slstm": (slstm, 4, "hcnm", True, None),
}


class Network:
    def __init__(self, cell, tokens=False, dropout=None, tieWeights=False, layerNorm=False, residual=False,
                 learnInitialState=False):
        self.step, gates, self.states, hidden, self.module = CELLS[cell]
        self.normed, self.residual, self.learned = layerNorm, residual, learnInitialState
        self.tokens, self.dropout, self.tied = tokens, dropout or {}, tieWeights
        self.given = PROJECTIONS.get(cell, UNITS)
        self.inputs, self.outputs = (self.given, VOCABULARY) if tieWeights else (INPUTS, OUTPUTS)
        self.shapes = {"embedding.weight": (VOCABULARY, self.inputs)} if tokens else {}
        for layer in range(LAYERS):
            rows, inputs = gates * UNITS, self.inputs if layer == 0 else self.given
            self.shapes[f"rnn.weight_ih_l{layer}"] = (rows, inputs)
            if hidden:
                self.shapes[f"rnn.weight_hh_l{layer}"] = (rows, self.given)
            self.shapes[f"rnn.bias_ih_l{layer}"] = (rows,)
            if hidden:
                self.shapes[f"rnn.bias_hh_l{layer}"] = (rows,)
            if cell in PROJECTIONS:
                self.shapes[f"rnn.weight_hr_l{layer}"] = (self.given, UNITS)
        for layer in range(LAYERS if layerNorm else 0):
            self.shapes[f"norm.weight_l{layer}"] = self.shapes[f"norm.bias_l{layer}"] = (self.given,)
        for state in self.states if learnInitialState else "":
            for layer in range(LAYERS):
                self.shapes[f"initial.{state}_l{layer}"] = (self.width(state),)
        if not tieWeights:
            self.shapes["head.weight"] = (OUTPUTS, self.given)
        self.shapes["head.bias"] = (self.outputs,)
        self.parameters = {
            name: torch.tensor([rounded(1.2 * uniform(derive(999, slot), j) - 0.6) for j in range(int(numpy.prod(shape)))])
            .reshape(shape).requires_grad_() for slot, (name, shape) in enumerate(self.shapes.items())}

    def width(self, state):
        return self.given if state == "h" else UNITS

    def start(self):
        """What a lane's sequence starts with: the graph reaches a learned state, which later chunks have as a constant."""
        return [{name: self.parameters.get(f"initial.{name}_l{layer}", torch.zeros(self.width(name))) for name in self.states}
                for layer in range(LAYERS)]

    def lane(self, sequence, first, last, state, step):
        """The loss sum over time steps [first, last) of a lane, and the states after them; a step of None drops nothing."""
        p, loss, masks = self.parameters, torch.zeros(()), Masks(self.dropout, step)
        state = [dict(one) for one in state]
        for time in range(first, last):
            t = time - first
            if self.tokens:
                token = int(VOCABULARY * drawn(2, sequence, time, 0))
                x = p["embedding.weight"][token] * masks.vectors()[token]
            else:
                x = values(0, sequence, time, INPUTS)
            x = masks.units("input", MASK, sequence, t, x)
            for layer in range(LAYERS):
                w = {short: p.get(f"rnn.{name}_l{layer}") for short, name in
                     (("ih", "weight_ih"), ("hh", "weight_hh"), ("bih", "bias_ih"), ("bhh", "bias_hh"),
                      ("hr", "weight_hr"))}
                w["hh"] = masks.weights(layer, w["hh"])
                state[layer] = masks.zone(layer, sequence, t, state[layer], self.step(w, x, state[layer]))
                y = state[layer]["h"]
                if self.normed:
                    y = nn.functional.layer_norm(y, (self.given,), p[f"norm.weight_l{layer}"], p[f"norm.bias_l{layer}"])
                if self.residual and layer > 0:
                    y = y + x
                x = masks.units("between" if layer < LAYERS - 1 else "output", layer, sequence, t, y)
            head = p["embedding.weight" if self.tied else "head.weight"]
            loss = loss + ((head @ x + p["head.bias"] - values(1, sequence, time, self.outputs)) ** 2).sum()
        return loss, state

    def compare(self):
        """The first lane's first chunk, as torch.nn's own module computes it."""
        if self.module is None or self.tokens or self.dropout or self.normed or self.residual or self.learned:
            return
        net = type(self.module)(INPUTS, UNITS, LAYERS, **({} if self.module.mode[:3] != "RNN" else
                                                          {"nonlinearity": self.module.mode[4:].lower()}),
                                **({"proj_size": self.given} if self.given < UNITS else {}))
        net.load_state_dict({name[4:]: value for name, value in self.parameters.items() if name.startswith("rnn.")})
        x = torch.stack([values(0, 0, time, INPUTS) for time in range(CHUNK)])
        _, end = net(x)
        ours = self.lane(0, 0, CHUNK, self.start(), None)[1]
        assert torch.allclose((end[0] if isinstance(end, tuple) else end), torch.stack([one["h"] for one in ours]), rtol=0, atol=1e-14)

    def run(self):
        states, chunks = [self.start() for _ in LENGTHS], []
        for chunk in range(-(-max(LENGTHS) // CHUNK)):
            for parameter in self.parameters.values():
                parameter.grad = None
            total = 0.0
            for sequence, length in enumerate(LENGTHS):
                first, last = chunk * CHUNK, min(length, (chunk + 1) * CHUNK)
                loss, state = self.lane(sequence, first, last, states[sequence], chunk)
                loss.backward()
                total += loss.item()
                states[sequence] = [{name: value.detach() for name, value in one.items()} for one in state]
            hidden = {name: [value for layer in range(LAYERS) for lane in states for value in lane[layer][name].tolist()]
                      for name in self.states}
            chunks.append({"loss": total, "states": hidden,
                           "gradient": {name: (torch.zeros_like(one) if one.grad is None else one.grad).reshape(-1).tolist()
                                        for name, one in self.parameters.items()}})
        return chunks

    def evaluated(self):
        """The loss of the first chunk, without dropout."""
        return sum(self.lane(sequence, 0, min(CHUNK, length), self.start(), None)[0].item() for sequence, length in enumerate(LENGTHS))


def yaml(value):
    if not isinstance(value, dict):
        return str(value).lower() if isinstance(value, bool) else str(value)
    return "{" + ", ".join(f"{key}: {yaml(one)}" for key, one in value.items()) + "}"


def text(value):
    """JSON of 12 digits, which is far more than float32 has."""
    return json.dumps(json.loads(json.dumps(value), parse_float=lambda digits: float(f"{float(digits):.12g}")))


cases = []
for cell, keys in [(cell, {}) for cell in CELLS] + [
        ("lstm", {"dropout": {"between": 0.4}}),
        ("gru", {"dropout": {"between": 0.4, "locked": True, "input": 0.3, "output": 0.25}}),
        ("lstm", {"tokens": True, "dropout": {"embedding": 0.4}}),
        ("lstm", {"tokens": True, "dropout": {"embedding": 0.3, "input": 0.25, "output": 0.3}}),
        ("lstm", {"dropout": {"weight": 0.5}}),
        ("{name: gru, resetAfter: false}", {"dropout": {"weight": 0.5}}),
        ("slstm", {"dropout": {"weight": 0.4, "output": 0.2}}),
        ("lstm", {"dropout": {"zoneout": 0.3, "zoneoutCell": 0.5}}),
        ("gru", {"dropout": {"zoneout": 0.4}}),
        ("mingru", {"dropout": {"zoneout": 0.4, "between": 0.2}}),
        ("{name: lstm, projectionSize: 2}", {"dropout": {"between": 0.3, "weight": 0.4, "output": 0.3, "zoneout": 0.2,
                                                         "zoneoutCell": 0.3}}),
        ("{name: lstm, projectionSize: 2}", {"tokens": True, "tieWeights": True, "layerNorm": True, "residual": True}),
        ("lstm", {"learnInitialState": True}),
        ("gru", {"learnInitialState": True}),
        ("{name: gru, resetAfter: false}", {"learnInitialState": True}),
        ("minlstm", {"learnInitialState": True}),
        ("{name: lstm, projectionSize: 2}", {"learnInitialState": True, "layerNorm": True,
                                            "dropout": {"zoneout": 0.2, "zoneoutCell": 0.3}}),
        ("gru", {"layerNorm": True}),
        ("lstm", {"residual": True}),
        ("lstm", {"layerNorm": True, "residual": True, "dropout": {"between": 0.3, "output": 0.3, "zoneout": 0.2}}),
        ("lstm", {"tokens": True, "tieWeights": True}),
        ("lstm", {"tokens": True, "tieWeights": True, "dropout": {"embedding": 0.3, "input": 0.25, "output": 0.3}})]:
    network = Network(cell, **keys)
    network.compare()
    named = {**({"embedding": {"vocabulary": VOCABULARY, "size": network.inputs}} if keys.get("tokens") else {}),
             **{key: value for key, value in keys.items() if key != "tokens"}}
    sizes = [f"inputSize: {network.inputs}", f"outputSize: {network.outputs}", f"cell: {cell}"]
    cases.append({"model": ", ".join(sizes + [f"{key}: {yaml(value)}" for key, value in named.items()]),
                  "parameters": {name: list(shape) for name, shape in network.shapes.items()},
                  "evaluated": network.evaluated(), "chunks": network.run()})
lines = ",\n".join(f"  {text(one)}" for one in cases)
print(f'{{\n "torch": "{torch.__version__}",\n "cases": [\n{lines}\n ]\n}}')
