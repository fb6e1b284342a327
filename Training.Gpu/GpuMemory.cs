using System.Globalization;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Gpu.Kernels;
using Orleans.Tbptt.Training.Gpu.Network;

namespace Orleans.Tbptt.Training.Gpu;

/// <summary>How much memory a chunk needs on a device, and what to say where there is less.</summary>
internal static class GpuMemory
{
    /// <summary>Bytes of a chunk of so many lanes and time steps, the parameters included.</summary>
    public static long Of(ModelSpec model, LossSpec loss, long lanes, long steps)
    {
        var layout = ParameterLayout.Of(model);
        int outputs = layout.Slots.Single(slot => slot.Name == "head.bias").Length;
        long rows = lanes * steps, ofRow = model.ValueInputs + outputs + model.Tables.Count + GpuLoss.NumbersOfRow(loss, outputs);
        if (model.Dropout.Input > 0)
            ofRow += 3L * (model.ValueInputs + model.Tables.Sum(table => table.Size));
        long dropped = (model.Dropout.Between > 0 ? model.Layers - 1 : 0) + (model.Dropout.Output > 0 ? 1 : 0);
        ofRow += (dropped * (model.LayerOutputs + 2)) + GpuOutput.NumbersOfRow(model);
        ofRow += 2L * model.Layers * ZonedState.Of(model.Dropout).Length;
        long ofTables = 0, ofWeights = model.Dropout.Weight > 0
            ? (long)model.Layers * model.Cell.Gates * model.HiddenSize * model.Cell.Outputs(model.HiddenSize) : 0;
        foreach (var table in model.Tables)
        {
            ofRow += 2;
            ofTables += Math.Min(rows, table.Classes) * ((2L * table.Size) + (model.Cell.Gates * (long)model.HiddenSize) + 3);
        }

        long ofReverse = model.Bidirectional ? GpuBidirectional.Numbers(model, lanes, rows) : 0;
        long ofNetwork = ofTables + ofWeights + ofReverse + (2L * layout.Length);
        return sizeof(float) * (ofNetwork + (rows * ofRow) + (model.Layers * GpuLayer.Numbers(model, lanes, rows)));
    }

    /// <summary>The message of a chunk that does not fit, with the largest one of as many lanes that does.</summary>
    /// <param name="device">The device.</param>
    /// <param name="free">Bytes that were free before the chunk.</param>
    /// <param name="model">The network.</param>
    /// <param name="loss">The loss.</param>
    /// <param name="lanes">Lanes of the chunk.</param>
    /// <param name="steps">Its time steps.</param>
    public static string TooLarge(string device, long free, ModelSpec model, LossSpec loss, int lanes, int steps)
    {
        string fits = Largest(steps, k => Of(model, loss, lanes, k) <= free) is var fitting and > 0
            ? $"{lanes} lanes × {fitting} time steps × hidden {model.HiddenSize} would fit"
            : Largest(lanes, n => Of(model, loss, n, 1) <= free) is var few and > 0
                ? $"{few} lanes × 1 time step × hidden {model.HiddenSize} would fit" : "not even one lane would fit";
        return $"{device} is out of memory: {lanes} lanes × {steps} time steps × hidden {model.HiddenSize} in {model.Layers} layers need "
            + $"{Mebibytes(Of(model, loss, lanes, steps))}, {Mebibytes(free)} are free, in which {fits}; lower tbptt.chunkLength, "
            + "data.batchSize or model.hiddenSize, use more trainers on other devices, or write device: cpu";
    }

    private static int Largest(int most, Func<int, bool> fits)
    {
        int low = 0, high = most;
        while (low < high)
        {
            int middle = low + ((high - low + 1) / 2);
            if (fits(middle))
                low = middle;
            else
                high = middle - 1;
        }

        return low;
    }

    private static string Mebibytes(long bytes) => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1048576.0:n0} MiB");
}
