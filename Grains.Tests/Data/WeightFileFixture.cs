using System.Runtime.InteropServices;
using Orleans.Tbptt.Data.Weights;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Training.Reference;
using Orleans.Tbptt.Training.Fused.Cells;

namespace Orleans.Tbptt.Tests.Data;

/// <summary>Writes files of weights as other programs do, and reads them.</summary>
public abstract class WeightFileFixture : IDisposable
{
    protected static readonly ModelSpec Model = new() { Cell = new LstmCell(), HiddenSize = 3, InputSize = 2, OutputSize = 1 };
    protected static readonly ParameterLayout Layout = ParameterLayout.Of(Model);
    protected static readonly float[] Weights = new Draws(5).Floats(Layout.Length);

    private protected readonly TempDirectory Directory = new();

    public void Dispose()
    {
        Directory.Dispose();
        GC.SuppressFinalize(this);
    }

    protected static float[] Read(string path, ModelSpec? model = null)
    {
        float[] read = new float[ParameterLayout.Of(model ?? Model).Length];
        WeightFile.ReadInto(path, model ?? Model, read);
        return read;
    }

    protected static string Refusal(Action read) => Assert.Single(Assert.Throws<SpecException>(read).Problems).ToString();

    /// <summary>Writes a layout's tensors, and others of zeros behind them.</summary>
    protected string Write(
        string type, double[]? values = null, ParameterLayout? layout = null, Func<string, string>? rename = null,
        (string Name, int[] Shape)[]? more = null)
    {
        layout ??= Layout;
        values ??= [.. (layout == Layout ? Weights : new float[layout.Length]).Select(value => (double)value)];
        var tensors = layout.Slots.Select(slot => (Name: rename is null ? slot.Name : rename(slot.Name), Shape: slot.Shape.ToArray()))
            .Concat(more ?? []).ToList();
        byte[] bytes = [.. values.Concat(new double[tensors.Sum(tensor => tensor.Shape.Aggregate(1, (a, b) => a * b)) - values.Length])
            .SelectMany(value => Encode(type, value))];
        int size = Encode(type, 0).Length, at = 0;
        string header = string.Join(",", tensors.Select(tensor =>
        {
            int length = tensor.Shape.Aggregate(1, (a, b) => a * b) * size;
            string entry = $"\"{tensor.Name}\":{{\"dtype\":\"{type}\",\"shape\":[{string.Join(",", tensor.Shape)}],"
                + $"\"data_offsets\":[{at},{at + length}]}}";
            at += length;
            return entry;
        }));
        byte[] text = System.Text.Encoding.UTF8.GetBytes($"{{{header}}}");
        return Directory.Write($"{Guid.NewGuid():N}.safetensors", [.. BitConverter.GetBytes((long)text.Length), .. text, .. bytes]);
    }

    protected static byte[] Encode(string type, double value) => type switch
    {
        "F16" => BitConverter.GetBytes((Half)value),
        "BF16" => MemoryMarshal.AsBytes<float>([(float)value])[2..].ToArray(),
        "F64" => BitConverter.GetBytes(value),
        "I64" => BitConverter.GetBytes((long)value),
        _ => BitConverter.GetBytes((float)value),
    };
}
