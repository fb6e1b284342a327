using System.Globalization;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Gpu.Devices;
using Orleans.Tbptt.Training.Gpu.Kernels;
using Orleans.Tbptt.Training.Gpu.Network;

namespace Orleans.Tbptt.Training.Gpu;

/// <summary>How much memory a chunk needs on a device, and what to say where there is less.</summary>
internal static class GpuMemory
{
    /// <summary>
    /// Bytes of a chunk of so many lanes and time steps, the parameters included. Replicas that share parameters
    /// (<see cref="SharedParameters"/>) take less together, never more; what is copied ahead of a chunk (<see cref="BatchInbound"/>) is
    /// given up where memory is short, and not counted.
    /// </summary>
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
        long ofNetwork = ofTables + ofWeights + ofReverse;
        long ofLayers = model.Layers * GpuLayer.Numbers(model, lanes, rows);
        return (sizeof(float) * (ofNetwork + (rows * ofRow) + ofLayers)) + OfParameters(layout);
    }

    /// <summary>Whether memory was short: the device's, or the page-locked memory of the host.</summary>
    public static bool IsLack(Exception problem) => problem is OutOfDeviceMemoryException or InsufficientMemoryException;

    /// <summary>Bytes of the parameters and their gradient, of a replica that shares them with no other.</summary>
    public static long OfParameters(ParameterLayout layout) => 2L * sizeof(float) * layout.Length;

    /// <summary>The message of parameters that do not fit, with the largest hidden size that does.</summary>
    /// <param name="device">The device.</param>
    /// <param name="free">Bytes that were free.</param>
    /// <param name="model">The network.</param>
    public static string ParametersTooLarge(string device, long free, ModelSpec model)
    {
        long needed = OfParameters(ParameterLayout.Of(model));
        int fitting = model.TieWeights ? 0 : Largest(
            model.HiddenSize, hidden => OfParameters(ParameterLayout.Of(model with { HiddenSize = hidden })) <= free);
        return $"{device} is out of memory: the parameters of hidden {model.HiddenSize} in {model.Layers} layers and their gradient need "
            + $"{Mebibytes(needed)}, {Mebibytes(free)} are free{(fitting > 0 ? $", in which hidden {fitting} would fit" : "")}; lower "
            + "model.hiddenSize, use a device with more memory free, or write device: cpu";
    }

    /// <summary>The message of a chunk that does not fit, with those of fewer time steps, lanes or units that do.</summary>
    /// <param name="device">The device.</param>
    /// <param name="free">Bytes that were free before the chunk, those of the parameters included.</param>
    /// <param name="model">The network.</param>
    /// <param name="loss">The loss.</param>
    /// <param name="lanes">Lanes of the chunk.</param>
    /// <param name="steps">Its time steps.</param>
    public static string TooLarge(string device, long free, ModelSpec model, LossSpec loss, int lanes, int steps)
    {
        List<string> fitting = [];
        if (Largest(steps, k => Fits(model, lanes, k)) is var most and > 0)
            fitting.Add($"{lanes} lanes × {most} time steps × hidden {model.HiddenSize}");
        else if (Largest(lanes, n => Fits(model, n, 1)) is var few and > 0)
            fitting.Add($"{few} lanes × 1 time step × hidden {model.HiddenSize}");

        // Tied weights have as many units as their vectors are long.
        if (!model.TieWeights && Largest(model.HiddenSize, h => Fits(model with { HiddenSize = h }, lanes, steps)) is var units and > 0)
            fitting.Add($"{lanes} lanes × {steps} time steps × hidden {units}");
        string fits = fitting.Count > 0 ? $"{string.Join(", or ", fitting)} would fit" : "not even one lane would fit";
        return $"{device} is out of memory: {lanes} lanes × {steps} time steps × hidden {model.HiddenSize} in {model.Layers} layers need "
            + $"{Mebibytes(Of(model, loss, lanes, steps))}, {Mebibytes(free)} are free, in which {fits}; lower tbptt.chunkLength, "
            + "data.batchSize or model.hiddenSize, use more trainers on other devices, or write device: cpu";

        // The host adds some numbers of each time step.
        bool Fits(ModelSpec one, long ofLanes, long ofSteps) => Of(one, loss, ofLanes, ofSteps) * 21 / 20 <= free;
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
