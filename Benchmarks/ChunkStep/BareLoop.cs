using Orleans.Tbptt.Data.Synthetic;
using Orleans.Tbptt.Specs;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Orleans.Tbptt.Benchmarks.ChunkStep;

/// <summary>
/// The loop of Lightning's page, written with TorchSharp only. Batches are in memory; forward, backward, optimizer, detach.
/// </summary>
internal sealed class BareLoop : IDisposable
{
    private readonly LSTM _lstm;
    private readonly Linear _head;
    private readonly optim.Optimizer _optimizer;
    private readonly Tensor[] _inputs;
    private readonly Tensor[] _targets;
    private Tensor _h = null!;
    private Tensor _c = null!;
    private int _chunk;

    public BareLoop(RunSpec spec, bool flat)
    {
        int lanes = spec.Data.BatchSize, length = ((SyntheticSource)spec.Data.Source).SequenceLength,
        features = spec.Model.InputSize!.Value;
        _lstm = nn.LSTM(features, spec.Model.HiddenSize, batchFirst: true);
        _head = nn.Linear(spec.Model.HiddenSize, features / 2);
        Parameter[] parameters = [.. _lstm.parameters(), .. _head.parameters()];
        _optimizer = optim.Adam(flat ? [Flatten(parameters)] : parameters, spec.Train.Optimizer.Lr);

        using var generator = new Generator(1);
        var x = randn([lanes, length, features], generator: generator);
        var halves = x.chunk(2, -1);
        var y = halves[0] + halves[1].roll(1, -1);
        _inputs = [.. x.tensor_split(spec.Tbptt.ChunkCount ?? length / spec.Tbptt.ChunkLength!.Value, 1)];
        _targets = [.. y.tensor_split(_inputs.Length, 1)];
        ResetHidden(lanes, spec.Model.HiddenSize);
    }

    /// <summary>One chunk-step.</summary>
    public float Step()
    {
        using var scope = NewDisposeScope();
        int chunk = _chunk++ % _inputs.Length;
        _optimizer.zero_grad();
        if (chunk == 0)
            ResetHidden((int)_h.size(1), (int)_h.size(2));
        var (outputs, h, c) = _lstm.call(_inputs[chunk], (_h, _c));
        var loss = nn.functional.mse_loss(_head.call(outputs), _targets[chunk]);
        loss.backward();
        _optimizer.step();
        Carry(h.detach(), c.detach());
        return loss.item<float>();
    }

    public void Dispose()
    {
        _lstm.Dispose();
        _head.Dispose();
        _optimizer.Dispose();
    }

    private void ResetHidden(int lanes, int units) => Carry(zeros(1, lanes, units), zeros(1, lanes, units));

    private void Carry(Tensor h, Tensor c)
    {
        _h?.Dispose();
        _c?.Dispose();
        (_h, _c) = (h.MoveToOuterDisposeScope(), c.MoveToOuterDisposeScope());
    }

    /// <summary>All parameters as views of one tensor, so that the optimizer updates only one.</summary>
    private static Parameter Flatten(Parameter[] parameters)
    {
        var flat = new Parameter(cat([.. parameters.Select(parameter => parameter.detach().flatten())]));
        var gradient = zeros_like(flat);
        long offset = 0;
        foreach (var parameter in parameters)
        {
            long length = parameter.numel();
            using (no_grad())
                parameter.set_(flat.detach().narrow(0, offset, length).view(parameter.shape));
            parameter.grad = gradient.narrow(0, offset, length).view(parameter.shape);
            offset += length;
        }

        flat.grad = gradient;
        return flat;
    }
}
