using System.Text.Json;
using Google.Protobuf;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using Onnx;

namespace Orleans.Tbptt.Tests.Client.Export;

/// <summary>An exported graph in ONNX Runtime on one thread, with its states carried from call to call.</summary>
internal sealed class OnnxSession : IDisposable
{
    private readonly SessionOptions _options = new() { IntraOpNumThreads = 1, LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL };
    private readonly InferenceSession _session;
    private readonly RunOptions _run = new();
    private readonly Dictionary<string, OrtValue> _states = [];

    public OnnxSession(ModelProto model) => _session = new(model.ToByteArray(), _options);

    /// <summary>Names in a list of the metadata.</summary>
    public string[] Names(string key) => JsonSerializer.Deserialize<string[]>(_session.ModelMetadata.CustomMetadataMap[key])!;

    /// <summary>The states that are fed in the next call.</summary>
    public IReadOnlyCollection<string> States => _states.Keys;

    /// <summary>Repeats the initial states, which the graph has for one row of a batch.</summary>
    public void Begin(ModelProto model, int batch)
    {
        foreach (var state in _states.Values)
            state.Dispose();
        _states.Clear();
        foreach (var initial in model.Graph.Initializer.Where(one => model.Graph.Input.Any(input => input.Name == one.Name)))
        {
            byte[] bytes = initial.RawData.ToByteArray();
            long[] shape = [1, batch, initial.Dims[2]];
            byte[] all = [.. Enumerable.Repeat(bytes, batch).SelectMany(one => one)];
            _states[initial.Name] = initial.DataType == (int)TensorProto.Types.DataType.Double
                ? OrtValue.CreateTensorValueFromMemory(Of<double>(all), shape)
                : OrtValue.CreateTensorValueFromMemory(Of<float>(all), shape);
        }
    }

    /// <summary>Runs the graph, and keeps the states behind the last time step.</summary>
    /// <returns>The first output.</returns>
    public T[] Run<T>(params (string Name, Array Values, long[] Shape)[] inputs) where T : unmanaged
    {
        // Shapes without elements can end the process.
        Assert.All(inputs, input => Assert.All(input.Shape, size => Assert.True(size > 0, input.Name)));
        var fed = inputs.ToDictionary(input => input.Name, input => input.Values switch
        {
            double[] values => OrtValue.CreateTensorValueFromMemory(values, input.Shape),
            float[] values => OrtValue.CreateTensorValueFromMemory(values, input.Shape),
            int[] values => OrtValue.CreateTensorValueFromMemory(values, input.Shape),
            long[] values => OrtValue.CreateTensorValueFromMemory(values, input.Shape),
            string[] values => OrtValue.CreateFromStringTensor(new DenseTensor<string>(values, [.. input.Shape.Select(size => (int)size)])),
            _ => throw new ArgumentException(input.Name),
        });
        IReadOnlyList<OrtValue> results;
        try
        {
            results = _session.Run(_run, [.. fed.Keys, .. _states.Keys], [.. fed.Values, .. _states.Values], _session.OutputNames);
        }
        finally
        {
            foreach (var value in fed.Values)
                value.Dispose();
        }

        foreach (var value in _states.Values)
            value.Dispose();
        foreach (var (name, value) in _session.OutputNames.Zip(results).Skip(1))
            _states[name["next_".Length..]] = value;
        T[] output = results[0].GetTensorDataAsSpan<T>().ToArray();
        results[0].Dispose();
        return output;
    }

    public void Dispose()
    {
        foreach (var state in _states.Values)
            state.Dispose();
        _run.Dispose();
        _session.Dispose();
        _options.Dispose();
    }

    private static T[] Of<T>(byte[] bytes) where T : unmanaged =>
        System.Runtime.InteropServices.MemoryMarshal.Cast<byte, T>(bytes).ToArray();
}
