namespace Orleans.Tbptt.Training.Fused.Cells;

/// <summary>
/// One unit of one lane at one time step: the addresses at which a cell's code finds its numbers, with the strides that a layer's buffers
/// have. What writes the code down for another kind of processor hands it such addresses.
/// </summary>
internal readonly unsafe struct CellUnit
{
    /// <summary>Units of the layer: the stride between gates.</summary>
    public required int Units { get; init; }

    /// <summary>The first gate, <see cref="CellMemory.Gates"/>.</summary>
    public required float* Gates { get; init; }

    /// <summary>The first gate's sum over the hidden state, <see cref="CellMemory.HiddenGates"/>.</summary>
    public required float* HiddenGates { get; init; }

    /// <summary>What is kept for the backward pass, <see cref="CellMemory.Kept"/>.</summary>
    public required float* Kept { get; init; }

    /// <summary>Each state before the time step, by its place in the cell's names.</summary>
    public required nint[] Before { get; init; }

    /// <summary>Each state after it.</summary>
    public required nint[] After { get; init; }

    /// <summary>The gradient of each state; that of h is null.</summary>
    public required nint[] StateGradient { get; init; }

    /// <summary>The gradient of h as an output.</summary>
    public required float* OutputGradient { get; init; }

    /// <summary>That of the time step before.</summary>
    public required float* OutputGradientBefore { get; init; }
}
