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
/// documentation of <c>nn.LSTM</c>, <c>nn.GRU</c>, <c>nn.RNN</c>, <c>nn.Linear</c>, <c>mse_loss</c>, <c>l1_loss</c>,
/// <c>huber_loss</c> and <c>cross_entropy</c>. Forward only.
/// </summary>
internal sealed class ReferenceNetwork(ModelSpec model, LossSpec loss)
{
    private readonly Places[] _layers = [.. Enumerable.Range(0, model.Layers).Select(layer => Places.Of(ParameterLayout.Of(model), layer))];
    private readonly IReadOnlyList<ParameterSlot> _slots = ParameterLayout.Of(model).Slots;
    private readonly ParameterSlot _head = ParameterLayout.Of(model).Slots[^2];
    private readonly ParameterSlot _headBias = ParameterLayout.Of(model).Slots[^1];
    private readonly int _units = model.HiddenSize;
    private double[] _p = [];

    /// <summary>
    /// The loss sum of a lane's chunk; <paramref name="hidden"/>, <c>[h, c][layer][unit]</c>, advances to the chunk's end.
    /// </summary>
    public double Run(double[] parameters, ReferenceLane lane, double[] hidden)
    {
        _p = parameters;
        double sum = 0;
        for (int t = 0; t < lane.Inputs.Length; t++)
        {
            double[] x = [.. lane.Inputs[t], .. lane.Codes[t].SelectMany((code, column) => Vector(_slots[column], code))];
            for (int layer = 0; layer < model.Layers; layer++)
            {
                var h = hidden.AsSpan(layer * _units, _units);
                var c = model.Cell is LstmCell ? hidden.AsSpan((model.Layers + layer) * _units, _units) : default;
                Cell(layer, x, h, c);
                x = h.ToArray();
                if (layer + 1 < model.Layers && lane.Mask(layer, t) is { } mask)
                    x = [.. x.Zip(mask, (value, kept) => value * kept)];
            }

            double[] y = [.. Enumerable.Range(0, model.OutputSize!.Value).Select(o => Dot(_head.Offset, o, x) + _p[_headBias.Offset + o])];
            if (loss is CrossEntropy classes)
                sum += lane.Targets[t][0] >= 0 ? Entropy(classes, y, (int)lane.Targets[t][0]) : 0;
            else
                sum += y.Zip(lane.Targets[t]).Where(pair => !double.IsNaN(pair.Second)).Sum(pair => Element(pair.First - pair.Second));
        }

        return sum;
    }

    private static double Entropy(CrossEntropy rule, double[] y, int target)
    {
        double log = Math.Log(y.Sum(Math.Exp));
        return y.Select((one, k) => (log - one) * (rule.LabelSmoothing / y.Length + (k == target ? 1 - rule.LabelSmoothing : 0))).Sum();
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

    private void Cell(int layer, double[] x, Span<double> h, Span<double> c)
    {
        double[] before = h.ToArray();
        var at = _layers[layer];
        for (int unit = 0; unit < _units; unit++)
        {
            double Input(int gate) => Dot(at.InputWeight, gate * _units + unit, x) + _p[at.InputBias + gate * _units + unit];
            double Recurrent(int gate) => Dot(at.HiddenWeight, gate * _units + unit, before) + _p[at.HiddenBias + gate * _units + unit];
            switch (model.Cell)
            {
                case LstmCell:
                    double i = Sigmoid(Input(0) + Recurrent(0)), f = Sigmoid(Input(1) + Recurrent(1));
                    double g = Math.Tanh(Input(2) + Recurrent(2)), o = Sigmoid(Input(3) + Recurrent(3));
                    c[unit] = f * c[unit] + i * g;
                    h[unit] = o * Math.Tanh(c[unit]);
                    break;
                case GruCell:
                    double r = Sigmoid(Input(0) + Recurrent(0)), z = Sigmoid(Input(1) + Recurrent(1));
                    double n = Math.Tanh(Input(2) + r * Recurrent(2));
                    h[unit] = (1 - z) * n + z * before[unit];
                    break;
                case RnnCell:
                    h[unit] = Math.Tanh(Input(0) + Recurrent(0));
                    break;
            }
        }
    }

    private double Dot(int offset, int row, double[] x)
    {
        int at = offset + row * x.Length;
        double sum = 0;
        for (int i = 0; i < x.Length; i++)
            sum += _p[at + i] * x[i];
        return sum;
    }

    private static double Sigmoid(double x) => 1 / (1 + Math.Exp(-x));

    /// <summary>Where a layer's parameters begin.</summary>
    private sealed record Places(int InputWeight, int HiddenWeight, int InputBias, int HiddenBias)
    {
        public static Places Of(ParameterLayout layout, int layer)
        {
            int At(string name) => layout.Slots.Single(slot => slot.Name == $"rnn.{name}_l{layer}").Offset;
            return new(At("weight_ih"), At("weight_hh"), At("bias_ih"), At("bias_hh"));
        }
    }
}
