using System.Globalization;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Fused.Cells;

namespace Orleans.Tbptt.Training.Gpu;

/// <summary>How many numbers a buffer of a chunk may have: kernels count them with 32 bits.</summary>
internal static class ChunkLimit
{
    /// <summary>The largest number of 32 bits, less than what a kernel may count past the last one: a part of a sum, or a block.</summary>
    public const int MostNumbers = int.MaxValue - 4096;

    // The least width, because some offsets of keys and of time steps are counted in bytes, or four numbers at a time.
    private const int LeastWidth = 8;

    /// <summary>Refuses a chunk of which a kernel could not count the numbers; others could be overwritten.</summary>
    /// <param name="device">The device.</param>
    /// <param name="model">The network.</param>
    /// <param name="outputs">Outputs of its head, or classes.</param>
    /// <param name="lanes">Active lanes.</param>
    /// <param name="steps">Time steps of the chunk.</param>
    /// <param name="rows">Rows of the chunk.</param>
    /// <exception cref="InvalidOperationException">The widest buffer has too many numbers.</exception>
    public static void Ensure(string device, ModelSpec model, int outputs, long lanes, long steps, long rows)
    {
        var cell = (RecurrentCell)model.Cell;
        long units = model.HiddenSize, inputs = model.ValueInputs + model.Tables.Sum(table => (long)table.Size);
        long[] widths = [LeastWidth, cell.Gates * units, cell.Kept * units, units, model.LayerOutputs, inputs, outputs];
        long states = lanes * new HiddenLayout(model).Length, numbers = Math.Max((rows + lanes) * widths.Max(), states);
        if (numbers <= MostNumbers)
            return;
        throw new InvalidOperationException(string.Create(
            CultureInfo.InvariantCulture,
            $"{device}: found a chunk of {lanes} lanes × {steps} time steps, hidden {units}, {inputs} inputs and {outputs} outputs or "
            + $"classes, of which one buffer has {numbers} numbers, expected at most {MostNumbers}, because kernels count them with 32 "
            + $"bits; lower tbptt.chunkLength or data.batchSize, or write device: cpu"));
    }
}
