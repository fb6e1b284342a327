using Orleans.Tbptt.Numerics;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Training.Replicas;

/// <summary>
/// Makes of a head's outputs what they predict (<see cref="LossSpec.Predictions"/>), as values are trained on: computed in float64, rounded
/// to float32. Numbers that add to each other rise, because rounding keeps their order.
/// </summary>
/// <param name="loss">The loss that the head was trained with.</param>
internal sealed class OutputMap(LossSpec loss)
{
    private readonly PredictedValue[] _values = [.. loss.Predictions];
    private readonly bool _isIdentity = loss.OfClasses
        || loss.Predictions.All(one => one is { Link: OutputLink.Identity, Least: 0, AddsToPrevious: false });

    /// <summary>Puts predictions in the outputs' place.</summary>
    /// <param name="outputs">Rows of outputs, <c>[rows × targets × outputs of a target]</c>.</param>
    public void Apply(Span<float> outputs)
    {
        if (_isIdentity)
            return;
        for (int first = 0; first < outputs.Length; first += _values.Length)
        {
            double value = 0;
            for (int i = 0; i < _values.Length; i++)
            {
                var rule = _values[i];
                ref float output = ref outputs[first + i];
                value = Linked(rule.Link, output) + rule.Least + (rule.AddsToPrevious ? value : 0);
                output = (float)value;
            }
        }
    }

    private static double Linked(OutputLink link, double output) => link switch
    {
        OutputLink.Identity => output,
        OutputLink.Softplus => PortableActivation.Softplus(output),
        OutputLink.Sigmoid => PortableActivation.Sigmoid(output),
        _ => throw new InvalidOperationException($"link {link} is none that outputs are mapped by"),
    };
}
