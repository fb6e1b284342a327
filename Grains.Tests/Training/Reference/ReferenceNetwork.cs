using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Fused.Cells;
using Orleans.Tbptt.Training.Fused.Losses;

namespace Orleans.Tbptt.Tests.Training.Reference;

/// <summary>What the reference network is given for one lane of one chunk.</summary>
/// <param name="Inputs">Values of each time step.</param>
/// <param name="Codes">One token of each time step, or the class of each column.</param>
/// <param name="Targets">Values of each time step, or one class.</param>
/// <param name="Mask">What the outputs of a layer at a time step are multiplied by on the way to the next layer.</param>
internal sealed record ReferenceLane(
    double[][] Inputs, int[][] Codes, double[][] Targets, Func<int, int, float[]?> Mask);

/// <summary>
/// Embedding, recurrent layers, head and loss in double precision, one lane and one unit at a time, written from the equations in PyTorch's
/// documentation of <c>nn.LSTM</c>, <c>nn.GRU</c>, <c>nn.RNN</c>, <c>nn.Linear</c>, <c>mse_loss</c>, <c>l1_loss</c>, <c>huber_loss</c> and
/// <c>cross_entropy</c>, in the papers of the other cells, and in <see cref="ReferenceLosses"/>. Forward only.
/// </summary>
internal sealed class ReferenceNetwork(ModelSpec model, LossSpec loss)
{
    private readonly Places[] _layers = [.. Enumerable.Range(0, model.Layers).Select(layer => Places.Of(ParameterLayout.Of(model), layer))];
    private readonly IReadOnlyList<ParameterSlot> _slots = ParameterLayout.Of(model).Slots;
    private readonly ParameterSlot _head = ParameterLayout.Of(model).Slots[^2];
    private readonly ParameterSlot _headBias = ParameterLayout.Of(model).Slots[^1];
    private readonly int _units = model.HiddenSize;
    private readonly HiddenLayout _states = new(model);
    private double[] _p = [];

    /// <summary>
    /// The loss sum of a lane's chunk; <paramref name="hidden"/>, <c>[h, c][layer][unit]</c>, advances to the chunk's end.
    /// </summary>
    public double Run(double[] parameters, ReferenceLane lane, double[] hidden)
    {
        _p = parameters;
        double sum = 0;
        var outputs = new List<double[]>();
        for (int t = 0; t < lane.Inputs.Length; t++)
        {
            double[] x = [.. lane.Inputs[t], .. lane.Codes[t].SelectMany((code, column) => Vector(_slots[column], code))];
            for (int layer = 0; layer < model.Layers; layer++)
            {
                Cell(layer, x, hidden);
                x = hidden[_states.Offset(0, layer)..(_states.Offset(0, layer) + _states.Width(0))];
                if (layer + 1 < model.Layers && lane.Mask(layer, t) is { } mask)
                    x = [.. x.Zip(mask, (value, kept) => value * kept)];
            }

            double[] y = [.. Enumerable.Range(0, model.OutputSize!.Value).Select(o => Dot(_head.Offset, o, x) + _p[_headBias.Offset + o])];
            outputs.Add(y);
            if (loss is CrossEntropy classes)
                sum += lane.Targets[t][0] >= 0 ? ReferenceLosses.Entropy(classes, y, (int)lane.Targets[t][0]) : 0;
            else if (y.Length > lane.Targets[t].Length || loss is NegativeBinomial or BinaryCrossEntropy)
                sum += y.Chunk(loss.OutputsPerTarget).Zip(lane.Targets[t]).Where(pair => !double.IsNaN(pair.Second))
                    .Sum(pair => ReferenceLosses.Target(loss, pair.First, pair.Second));
            else if (loss is not ErrorToSignal)
                sum += y.Zip(lane.Targets[t]).Where(pair => !double.IsNaN(pair.Second)).Sum(pair => Element(pair.First - pair.Second));
        }

        return loss is ErrorToSignal audio ? ReferenceLosses.Emphasised(audio, outputs, lane.Targets) : sum;
    }

    private double Element(double difference) => loss switch
    {
        SquaredError => difference * difference,
        AbsoluteError => Math.Abs(difference),
        Huber huber when Math.Abs(difference) <= huber.Delta => difference * difference / 2,
        Huber huber => huber.Delta * (Math.Abs(difference) - huber.Delta / 2),
        _ => throw new InvalidOperationException($"the reference has no {loss.Word}"),
    };

    private double[] Vector(ParameterSlot table, int code) =>
        _p[(table.Offset + (code * table.Shape[1]))..(table.Offset + ((code + 1) * table.Shape[1]))];

    private void Cell(int layer, double[] x, double[] hidden)
    {
        var at = _layers[layer];
        Span<double> State(int state) => hidden.AsSpan(_states.Offset(state, layer), _states.Width(state));
        Span<double> h = State(0), c = model.Cell.States > 1 ? State(1) : default;
        double[] before = h.ToArray();
        double Input(int gate, int unit) => Dot(at.InputWeight, gate * _units + unit, x) + _p[at.InputBias + gate * _units + unit];
        double Recurrent(int gate, int unit, double[] of) =>
            Dot(at.HiddenWeight, gate * _units + unit, of) + _p[at.HiddenBias + gate * _units + unit];
        double[] reset = model.Cell is GruCell { ResetAfter: false }
            ? [.. before.Select((one, unit) => one * Sigmoid(Input(0, unit) + Recurrent(0, unit, before)))] : [];
        var projected = new double[_units];
        for (int unit = 0; unit < _units; unit++)
        {
            double Sum(int gate) => Input(gate, unit) + Recurrent(gate, unit, before);
            switch (model.Cell)
            {
                case LstmCell:
                    double i = Sigmoid(Sum(0)), f = Sigmoid(Sum(1)), g = Math.Tanh(Sum(2)), o = Sigmoid(Sum(3));
                    c[unit] = f * c[unit] + i * g;
                    projected[unit] = o * Math.Tanh(c[unit]);
                    if (at.Projection < 0)
                        h[unit] = projected[unit];
                    break;
                case GruCell gru:
                    double r = Sigmoid(Sum(0)), z = Sigmoid(Sum(1));
                    double n = Math.Tanh(
                        Input(2, unit) + (gru.ResetAfter ? r * Recurrent(2, unit, before) : Recurrent(2, unit, reset)));
                    h[unit] = (1 - z) * n + z * before[unit];
                    break;
                case RnnCell rnn:
                    h[unit] = rnn.Nonlinearity == Nonlinearity.Relu ? Math.Max(0, Sum(0)) : Math.Tanh(Sum(0));
                    break;
                case MinGruCell:
                    double update = Sigmoid(Input(0, unit));
                    h[unit] = (1 - update) * before[unit] + update * Positive(Input(1, unit));
                    break;
                case MinLstmCell:
                    double keep = Sigmoid(Input(0, unit)), take = Sigmoid(Input(1, unit));
                    h[unit] = (keep * before[unit] + take * Positive(Input(2, unit))) / (keep + take);
                    break;
                case SlstmCell:
                    double m = State(3)[unit], after = Math.Max(m + Math.Log(Sigmoid(Sum(1))), Sum(0));
                    if (State(2)[unit] == 0)
                        after = Sum(0);
                    double decay = Sigmoid(Sum(1)) * Math.Exp(m - after), gain = Math.Exp(Sum(0) - after);
                    c[unit] = decay * c[unit] + gain * Math.Tanh(Sum(2));
                    State(2)[unit] = decay * State(2)[unit] + gain;
                    State(3)[unit] = after;
                    h[unit] = Sigmoid(Sum(3)) * c[unit] / State(2)[unit];
                    break;
            }
        }

        for (int output = 0; at.Projection >= 0 && output < h.Length; output++)
            h[output] = Dot(at.Projection, output, projected);
    }

    private static double Positive(double x) => x >= 0 ? x + 0.5 : Sigmoid(x);

    private double Dot(int offset, int row, double[] x)
    {
        int at = offset + row * x.Length;
        double sum = 0;
        for (int i = 0; i < x.Length; i++)
            sum += _p[at + i] * x[i];
        return sum;
    }

    private static double Sigmoid(double x) => 1 / (1 + Math.Exp(-x));

    /// <summary>Where a layer's parameters begin; -1 for one that it has not.</summary>
    private sealed record Places(int InputWeight, int HiddenWeight, int InputBias, int HiddenBias, int Projection)
    {
        public static Places Of(ParameterLayout layout, int layer)
        {
            int At(string name) => layout.Slots.SingleOrDefault(slot => slot.Name == $"rnn.{name}_l{layer}")?.Offset ?? -1;
            return new(At("weight_ih"), At("weight_hh"), At("bias_ih"), At("bias_hh"), At("weight_hr"));
        }
    }
}
