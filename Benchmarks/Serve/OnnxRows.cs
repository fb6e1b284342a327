using Microsoft.ML.OnnxRuntime;

namespace Orleans.Tbptt.Benchmarks.Serve;

/// <summary>
/// Steps of an exported LSTM of one layer in ONNX Runtime, on one thread, its states fed back: from cells to forecasts, as the graph has
/// it. All memory is allocated before the first step, and a step passes two states on by exchanging what was bound, without a copy.
/// </summary>
internal sealed class OnnxRows : IDisposable
{
    private readonly SessionOptions _options = new()
    {
        IntraOpNumThreads = 1, InterOpNumThreads = 1, ExecutionMode = ExecutionMode.ORT_SEQUENTIAL,
        GraphOptimizationLevel = GraphOptimizationLevel.ORT_ENABLE_ALL, LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR,
    };

    private readonly RunOptions _run = new();
    private readonly InferenceSession _session;
    private readonly List<OrtValue> _values = [];
    private readonly OrtIoBinding[] _bindings;
    private readonly OrtValue[][] _inputs;
    private readonly OrtValue[][] _outputs;
    private readonly string[] _inputNames;
    private readonly string[] _outputNames;
    private int _turn;

    /// <summary>Loads a graph.</summary>
    /// <param name="graph">The file.</param>
    /// <param name="batch">Rows of a step.</param>
    /// <param name="units">Units of the layer.</param>
    public OnnxRows(string graph, int batch, int units)
    {
        _session = new(graph, _options);
        (Cells, Forecasts) = (new double[batch], new double[batch]);
        OrtValue cells = Value(Cells, 1, batch, 1), forecasts = Value(Forecasts, 1, batch, 1);
        OrtValue[][] states = [.. Enumerable.Range(0, 2).Select(_ => (OrtValue[])[State(), State()])];
        (_inputNames, _outputNames) = (["values", "h_l0", "c_l0"], ["forecasts", "next_h_l0", "next_c_l0"]);
        _inputs = [[cells, .. states[0]], [cells, .. states[1]]];
        _outputs = [[forecasts, .. states[1]], [forecasts, .. states[0]]];
        _bindings = [.. Enumerable.Range(0, 2).Select(turn =>
        {
            var binding = _session.CreateIoBinding();
            foreach (var (name, value) in _inputNames.Zip(_inputs[turn]))
                binding.BindInput(name, value);
            foreach (var (name, value) in _outputNames.Zip(_outputs[turn]))
                binding.BindOutput(name, value);
            return binding;
        })];

        OrtValue State() => Value(new float[batch * units], 1, batch, units);
    }

    /// <summary>A cell of each row.</summary>
    public double[] Cells { get; }

    /// <summary>What is forecast from each row.</summary>
    public double[] Forecasts { get; }

    /// <summary>A step through <c>IoBinding</c>.</summary>
    public void StepBound()
    {
        _session.RunWithBinding(_run, _bindings[_turn]);
        _turn = 1 - _turn;
    }

    /// <summary>A step through <c>Run</c> with values.</summary>
    public void Step()
    {
        _session.Run(_run, _inputNames, _inputs[_turn], _outputNames, _outputs[_turn]);
        _turn = 1 - _turn;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var binding in _bindings)
            binding.Dispose();
        foreach (var value in _values)
            value.Dispose();
        _run.Dispose();
        _session.Dispose();
        _options.Dispose();
    }

    private OrtValue Value<T>(T[] memory, params long[] shape) where T : unmanaged
    {
        _values.Add(OrtValue.CreateTensorValueFromMemory(memory, shape));
        return _values[^1];
    }
}
