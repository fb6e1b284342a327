using Orleans.Tbptt.Training.Replicas;

namespace Orleans.Tbptt.Training.Gpu.Network;

/// <content>
/// The layers, as a wave over layers and time where there are enough time steps: while one runs over a part of them, the one below it runs
/// over the next part, on the way back the one above it over the part before.
/// </content>
internal sealed partial class GpuNetwork
{
    // The first part and the last one of a wave are computed by one layer alone.
    private const int MostParts = 16;

    /// <summary>Into how many parts the time steps are divided. Whether it pays depends on the chunk; no bit does.</summary>
    private int Parts => _layers.Length > 1 && _layers.All(layer => layer.GivesHidden && !layer.WaitsForGrid(_times))
        ? Math.Clamp(_times.Steps / _partSteps, 1, MostParts) : 1;

    private void ForwardLayers(DropoutMasks dropout)
    {
        int parts = Parts;
        SumInputs(dropout);
        for (int part = 0; part < parts; part++)
        {
            var range = _times.Part(part, parts);
            var (first, rows) = _times.RowsOf(range);
            for (int index = 0; index < _layers.Length; index++)
            {
                var layer = _layers[index];
                var inputs = index == 0 ? default : Inputs(index, dropout);
                Continue(index, parts);
                if (index > 0)
                    _launcher.Forward(inputs.From(first), InputWeight(index), layer.InputBias, 0, layer.Gates.From(first), rows);
                layer.Forward(_times, range, inputs);
                if (index + 1 < _layers.Length && dropout.DropsBetween)
                    _dropout.Between(index, layer.Outputs(_times), first, rows);
            }
        }

        _launcher.Join();
    }

    private void BackwardLayers(DropoutMasks dropout)
    {
        int parts = Parts, top = _layers.Length - 1;
        bool reachesStart = _start is { IsInChunk: true };
        _layers[top].KeepResidual(0, _times.Rows);

        // A layer is two parts behind the one above it: the gradient of a part's last time step's outputs is added to by the part behind.
        for (int turn = 0; turn < parts + (2 * top); turn++)
        {
            for (int place = top; place >= 0; place--)
            {
                int part = parts - 1 - turn + (2 * place);
                if (part >= 0 && part < parts)
                    Backward(top - place, place, part, parts, reachesStart, dropout);
            }
        }
    }

    private void Backward(int index, int place, int part, int parts, bool reachesStart, DropoutMasks dropout)
    {
        var (layer, range) = (_layers[index], _times.Part(part, parts));
        var (first, rows) = _times.RowsOf(range);
        Continue(place, parts);
        if (part == parts - 1)
            layer.BeginBackward(_times, reachesStart);
        layer.Backward(_times, range, reachesStart);
        if (index > 0)
        {
            var below = _layers[index - 1].OutputGradient;
            _launcher.Backward(layer.Gates.From(first), InputWeight(index), below.From(first), rows);
            layer.AddResidual(below, first, rows);
            if (dropout.DropsBetween)
                _dropout.BetweenBack(index - 1, below, first, rows);
            _layers[index - 1].KeepResidual(first, rows);
        }

        if (part == 0)
            _launcher.Aside(() => Gradient(index, dropout));
    }

    /// <summary>Computes the gradients of a layer's parameters, and of what it begins with.</summary>
    private void Gradient(int index, DropoutMasks dropout)
    {
        var layer = _layers[index];
        layer.Gradient(_times);
        _start?.Gradient(layer, index, _times);
        if (index == 0)
            InputGradient(dropout);
        else
            _launcher.Gradient(layer.Gates, Inputs(index, dropout), 0, Gradients.Weight($"rnn.weight_ih_l{index}"), _times.Rows);
    }

    /// <summary>Continues with a layer by its place in the wave: on a branch of its own, behind the layer before.</summary>
    private void Continue(int place, int parts)
    {
        if (parts > 1)
            _launcher.Continue(Launcher.BranchOf(place), Launcher.BranchOf(Math.Max(0, place - 1)));
    }
}
