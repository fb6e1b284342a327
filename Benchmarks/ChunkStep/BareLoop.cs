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
    private readonly LSTM? _lstm;
    private readonly GRU? _gru;
    private readonly Linear _head;
    private readonly Embedding? _embedding;
    private readonly optim.Optimizer _optimizer;
    private readonly Tensor[] _inputs;
    private readonly Tensor[] _targets;
    private readonly long[] _state;
    private Tensor _h = null!;
    private Tensor? _c;
    private int _chunk;

    public BareLoop(RunSpec spec, bool flat)
    {
        var model = spec.Model;
        int lanes = spec.Data.BatchSize, length = ((SyntheticSource)spec.Data.Source).SequenceLength;
        int features = model.InputSize!.Value, outputs = model.OutputSize ?? features / 2, words = model.Embedding?.Vocabulary ?? 0;
        if (model.Cell.Word == "lstm")
            _lstm = nn.LSTM(features, model.HiddenSize, model.Layers, batchFirst: true);
        else
            _gru = nn.GRU(features, model.HiddenSize, model.Layers, batchFirst: true);
        _head = nn.Linear(model.HiddenSize, outputs);
        _embedding = words > 0 ? nn.Embedding(words, features) : null;
        Parameter[] parameters =
            [.. _embedding?.parameters() ?? [], .. _lstm?.parameters() ?? _gru!.parameters(), .. _head.parameters()];
        _optimizer = optim.Adam(flat ? [Flatten(parameters)] : parameters, spec.Train.Optimizer.Lr);

        using var generator = new Generator(1);
        var (x, y) = words > 0 ? Words(lanes, length, words, generator) : Values(lanes, length, features, outputs, generator);
        int chunks = spec.Tbptt.ChunkCount ?? length / spec.Tbptt.ChunkLength!.Value;
        _inputs = [.. x.tensor_split(chunks, 1).Select(one => one.contiguous())];
        _targets = [.. y.tensor_split(chunks, 1).Select(one => one.contiguous())];
        _state = [model.Layers, lanes, model.HiddenSize];
        ResetHidden();
    }

    /// <summary>One chunk-step.</summary>
    public float Step()
    {
        using var scope = NewDisposeScope();
        int chunk = _chunk++ % _inputs.Length;
        _optimizer.zero_grad();
        if (chunk == 0)
            ResetHidden();
        var inputs = _embedding is null ? _inputs[chunk] : _embedding.call(_inputs[chunk]);
        Tensor outputs, h, c = _h;
        if (_lstm is not null)
            (outputs, h, c) = _lstm.call(inputs, (_h, _c!));
        else
            (outputs, h) = _gru!.call(inputs, _h);
        outputs = _head.call(outputs);
        var loss = _embedding is null ? nn.functional.mse_loss(outputs, _targets[chunk])
            : nn.functional.cross_entropy(outputs.flatten(0, 1), _targets[chunk].flatten());
        loss.backward();
        _optimizer.step();
        Carry(h.detach(), _lstm is null ? null : c.detach());
        return loss.item<float>();
    }

    public void Dispose()
    {
        _lstm?.Dispose();
        _gru?.Dispose();
        _head.Dispose();
        _embedding?.Dispose();
        _optimizer.Dispose();
    }

    /// <summary>Values as of the average example, or of another width without a rule.</summary>
    private static (Tensor Inputs, Tensor Targets) Values(int lanes, int length, int features, int outputs, Generator generator)
    {
        var x = randn([lanes, length, features], generator: generator);
        if (outputs * 2 != features)
            return (x, randn([lanes, length, outputs], generator: generator));
        var halves = x.chunk(2, -1);
        return (x, halves[0] + halves[1].roll(1, -1));
    }

    /// <summary>Words of which the n-th is about as frequent as 1 / n; the target is the next one.</summary>
    private static (Tensor Inputs, Tensor Targets) Words(int lanes, int length, int words, Generator generator)
    {
        var drawn = pow(words, rand([lanes, length + 1], generator: generator)).to(int64);
        return (drawn.narrow(1, 0, length), drawn.narrow(1, 1, length));
    }

    private void ResetHidden() => Carry(zeros(_state), _lstm is null ? null : zeros(_state));

    private void Carry(Tensor h, Tensor? c)
    {
        _h?.Dispose();
        _c?.Dispose();
        (_h, _c) = (h.MoveToOuterDisposeScope(), c?.MoveToOuterDisposeScope());
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
